//! Makes spellings that differ only in typography alike, as `flakestorm/invariants/detection/folding.py` does.

/// `text` in lower case, with straight quotes and plain spaces; as many code points as before.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(folded).collect()
}

fn folded(char: char) -> char {
    match char {
        'A'..='Z' => char.to_ascii_lowercase(),
        '\0'..='\u{7f}' => char,
        '\u{a0}' | '\u{2002}' | '\u{2003}' | '\u{2009}' | '\u{200a}' | '\u{202f}' | '\u{3000}' => {
            ' '
        }
        '’' | '‘' | 'ʼ' => '\'',
        '“' | '”' | '„' => '"',
        '\u{c0}'..='\u{52f}' => {
            let mut lower = char.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(only), None) => only,
                _ => char,
            }
        }
        _ => char,
    }
}

/// Turns offsets in bytes into offsets in code points.
pub struct Offsets(Option<Vec<u32>>);

impl Offsets {
    /// Counts the code points of `text`, unless bytes are the same.
    pub fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self(None);
        }
        let mut count = 0;
        let mut counts = Vec::with_capacity(text.len() + 1);
        for byte in text.bytes() {
            counts.push(count);
            // Bytes that continue a character begin with the bits 10.
            count += u32::from(byte & 0xC0 != 0x80);
        }
        counts.push(count);
        // Inside a character a count would be one too high; no match begins or ends there.
        Self(Some(counts))
    }

    /// The code points before the byte `offset`, which begins a character or is the end.
    pub fn of(&self, offset: usize) -> usize {
        self.0
            .as_ref()
            .map_or(offset, |counts| counts[offset] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_characters_as_before() {
        let text = "İÄΣЖ’“\u{a0}ẞ😀A";
        assert_eq!(fold(text), "İäσж'\" ẞ😀a");
        assert_eq!(fold(text).chars().count(), text.chars().count());
    }

    #[test]
    fn offsets_count_characters() {
        let offsets = Offsets::new("aé😀b");
        assert_eq!(
            [0, 1, 3, 7, 8].map(|byte| offsets.of(byte)),
            [0, 1, 2, 3, 4]
        );
        assert_eq!(Offsets::new("abc").of(2), 2);
    }
}
