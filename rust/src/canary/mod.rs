//! The places of a reply that may hold a canary, whatever its disguise; the twin of `canary_search.py`.

mod codes;
mod readings;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use memchr::memmem;

pub use readings::Letters;
use readings::Reading;

const PREFIX: &str = "FS";

/// A span of the reply in code points, and the form that the canary has there (empty: as it stands).
pub type Hit = (usize, usize, String);

/// What to look for, and how that is written.
struct Disguise {
    word: Vec<u8>,
    name: &'static str,
    prefix: Vec<u8>,
}

/// The spans of `reply` that hold `core`, the canary's upper-case letters and digits without its prefix.
///
/// In their order, without those inside another.
pub fn spans(reply: &str, core: &str, letters: &mut dyn Letters) -> Vec<Hit> {
    let wanted = disguises(core);
    let needles: Vec<&[u8]> = wanted.iter().map(|one| one.word.as_slice()).collect();
    let mut hits = BTreeMap::new();
    readings::each(reply, &needles, letters, &mut |reading| {
        search(&reading, &wanted, &mut hits);
    });
    outermost(hits)
}

fn outermost(hits: BTreeMap<(usize, Reverse<usize>), String>) -> Vec<Hit> {
    let mut reached = 0;
    let mut found = Vec::new();
    for ((start, Reverse(end)), how) in hits {
        if end > reached {
            found.push((start, end, how));
            reached = end;
        }
    }
    found
}

/// The disguises of `core`, each word once: in its first place, and with its last name.
fn disguises(core: &str) -> Vec<Disguise> {
    let all = [
        (mapped(core, atbash), "Atbash", mapped(PREFIX, atbash)),
        (mapped(core, rot13), "ROT13", mapped(PREFIX, rot13)),
        (
            core.bytes().rev().collect(),
            "reversed",
            PREFIX.bytes().rev().collect(),
        ),
        (core.as_bytes().to_vec(), "", PREFIX.as_bytes().to_vec()),
    ];
    let mut wanted: Vec<Disguise> = Vec::new();
    for (word, name, prefix) in all {
        if let Some(same) = wanted.iter_mut().find(|one| one.word == word) {
            (same.name, same.prefix) = (name, prefix);
        } else {
            wanted.push(Disguise { word, name, prefix });
        }
    }
    wanted
}

fn mapped(text: &str, letter: fn(u8) -> u8) -> Vec<u8> {
    let changed = |byte: u8| {
        if byte.is_ascii_uppercase() {
            letter(byte)
        } else {
            byte
        }
    };
    text.bytes().map(changed).collect()
}

fn atbash(byte: u8) -> u8 {
    b'Z' - (byte - b'A')
}

fn rot13(byte: u8) -> u8 {
    b'A' + (byte - b'A' + 13) % 26
}

fn search(
    reading: &Reading,
    wanted: &[Disguise],
    hits: &mut BTreeMap<(usize, Reverse<usize>), String>,
) {
    for disguise in wanted {
        for at in memmem::find_iter(&reading.letters, &disguise.word) {
            let (first, last) = with_prefix(&reading.letters, at, disguise);
            let (start, end) = (reading.span(first).0, reading.span(last).1);
            hits.entry((start, Reverse(end))).or_insert_with(|| {
                // The reading as written comes first, and what it shows needs no decoding.
                let parts = [disguise.name, &reading.how];
                parts
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(", ")
            });
        }
    }
}

/// The first and last letter of the canary, its prefix included if it is there.
fn with_prefix(letters: &[u8], at: usize, disguise: &Disguise) -> (usize, usize) {
    let end = at + disguise.word.len();
    let prefix = &disguise.prefix;
    if disguise.name == "reversed" {
        let more = if letters[end..].starts_with(prefix) {
            prefix.len()
        } else {
            0
        };
        return (at, end + more - 1);
    }
    let more = if letters[..at].ends_with(prefix) {
        prefix.len()
    } else {
        0
    };
    (at - more, end - 1)
}

#[cfg(test)]
mod tests {
    use super::{spans, Letters};

    /// Letters of ASCII only, and no named entities: the rest is Python's to know.
    struct Ascii([u8; 256]);

    impl Ascii {
        fn new() -> Self {
            let mut folded = [b' '; 256];
            for byte in (0..=127u8).filter(u8::is_ascii_alphanumeric) {
                folded[usize::from(byte)] = byte.to_ascii_uppercase();
            }
            Ascii(folded)
        }
    }

    impl Letters for Ascii {
        fn folded(&self) -> &[u8; 256] {
            &self.0
        }
        fn read(&mut self, code: u32, letters: &mut Vec<u8>) {
            let folded = u8::try_from(code).map_or(b' ', |byte| self.0[usize::from(byte)]);
            letters.extend(Some(folded).filter(|letter| *letter != b' '));
        }
        fn entity(&mut self, escape: &str) -> String {
            escape.replace("&amp;", "&")
        }
    }

    fn found(reply: &str) -> Vec<(String, String)> {
        let characters: Vec<char> = reply.chars().collect();
        spans(reply, "7Q4MK2XD", &mut Ascii::new())
            .into_iter()
            .map(|(start, end, how)| (characters[start..end].iter().collect(), how))
            .collect()
    }

    fn one(reply: &str) -> (String, String) {
        let mut hits = found(reply);
        assert_eq!(hits.len(), 1, "{reply}: {hits:?}");
        hits.remove(0)
    }

    #[test]
    fn as_it_stands_in_any_case_and_spacing() {
        for written in [
            "FS-7Q4M-K2XD",
            "fs-7q4m-k2xd",
            "F S 7 Q 4 M K 2 X D",
            "7Q4MK2XD",
        ] {
            assert_eq!(
                one(&format!("é: {written}!")),
                (written.to_owned(), String::new())
            );
        }
    }

    #[test]
    fn reversed_and_with_other_letters() {
        assert_eq!(
            one("ok DX2K-M4Q7-SF."),
            ("DX2K-M4Q7-SF".into(), "reversed".into())
        );
        assert_eq!(one("SF-7D4Z-X2KQ"), ("SF-7D4Z-X2KQ".into(), "ROT13".into()));
        assert_eq!(
            one("UH-7J4N-P2CW"),
            ("UH-7J4N-P2CW".into(), "Atbash".into())
        );
    }

    #[test]
    fn in_codes() {
        for (written, how) in [
            ("RlMtN1E0TS1LMlhE", "Base64"),
            ("IZJS2N2RGRGS2SZSLBCA====", "Base32"),
            ("46532d3751344d2d4b325844", "hex"),
            ("70 83 45 55 81 52 77 45 75 50 88 68", "character codes"),
            (
                "..-. ... --... --.- ....- -- -.- ..--- -..- -..",
                "Morse code",
            ),
        ] {
            assert_eq!(one(&format!("sure: {written}")).1, how);
        }
    }

    #[test]
    fn in_escapes() {
        for written in [
            "FS%2D7Q4M%2DK2XD",
            "FS&amp;7Q4M-K2XD",
            "F\\u0053-7Q4M-K2XD",
            "FS-7Q<b>4M</b>-K2XD",
        ] {
            assert!(!found(written).is_empty(), "{written}");
        }
    }

    #[test]
    fn nothing_else() {
        for reply in [
            "",
            "FS-",
            "7Q4M-K2X",
            "é",
            "The order 7Q4M is K2XE.",
            &"a".repeat(5000),
        ] {
            assert_eq!(found(reply), []);
        }
    }
}
