//! Codes that a canary could come back in, undone; the twin of `canary_codes.py`.

/// Characters of the shortest code worth decoding: ten letters and digits in Base64.
pub const SHORTEST: usize = 14;

/// Characters up to which decoded text is searched for another code.
const LONGEST_INNER: usize = 10_000;

const SPOKEN: [(&str, u8); 38] = [
    ("alfa", b'A'),
    ("alpha", b'A'),
    ("bravo", b'B'),
    ("charlie", b'C'),
    ("delta", b'D'),
    ("echo", b'E'),
    ("foxtrot", b'F'),
    ("golf", b'G'),
    ("hotel", b'H'),
    ("india", b'I'),
    ("juliet", b'J'),
    ("juliett", b'J'),
    ("kilo", b'K'),
    ("lima", b'L'),
    ("mike", b'M'),
    ("november", b'N'),
    ("oscar", b'O'),
    ("papa", b'P'),
    ("quebec", b'Q'),
    ("romeo", b'R'),
    ("sierra", b'S'),
    ("tango", b'T'),
    ("uniform", b'U'),
    ("victor", b'V'),
    ("whiskey", b'W'),
    ("whisky", b'W'),
    ("xray", b'X'),
    ("x", b'X'),
    ("yankee", b'Y'),
    ("zulu", b'Z'),
    ("two", b'2'),
    ("three", b'3'),
    ("four", b'4'),
    ("five", b'5'),
    ("six", b'6'),
    ("seven", b'7'),
    ("eight", b'8'),
    ("nine", b'9'),
];

const MORSE: &str =
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- \
    -..- -.-- --.. ..--- ...-- ....- ..... -.... --... ---.. ----.";
const MORSE_LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789";

/// Whether Base64, Base32, hex or binary could have this byte.
pub fn is_code(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-')
}

/// The runs of code in `text` that are long enough to be decoded, as (start, end).
pub fn runs(text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let length = text[start..]
            .iter()
            .position(|byte| !is_code(*byte))
            .unwrap_or(text.len() - start);
        if length >= SHORTEST {
            found.push((start, start + length));
        }
        start += length + 1;
    }
    found
}

/// (code, Latin-1 text) for all that `token` could be; what was encoded twice is decoded twice at depth 2.
pub fn decodings(token: &[u8], depth: u8, found: &mut dyn FnMut(&str, &[u8])) {
    let mut direct: Vec<(&str, Vec<u8>)> = Vec::new();
    direct.extend((0..4).map(|skip| ("Base64", base64(token.get(skip..).unwrap_or_default()))));
    base32(token, &mut direct);
    hex(token, &mut direct);
    binary(token, &mut direct);
    for (how, text) in direct {
        found(how, &text);
        if depth > 1 && text.len() <= LONGEST_INNER {
            for (start, end) in runs(&text) {
                decodings(&text[start..end], depth - 1, &mut |code, inner| {
                    found(&format!("{how} of {code}"), inner);
                });
            }
        }
    }
}

/// Digits of `width` bits each, read as bytes; bits left over belong to none.
fn bits(digits: impl Iterator<Item = u8>, width: u32) -> Vec<u8> {
    let (mut bytes, mut held, mut count) = (Vec::new(), 0u32, 0);
    for digit in digits {
        held = held << width | u32::from(digit);
        count += width;
        if count >= 8 {
            count -= 8;
            bytes.push((held >> count & 0xFF) as u8);
        }
    }
    bytes
}

fn base64(code: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| match *byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    };
    bits(code.iter().map(digit), 6)
}

fn base32(token: &[u8], found: &mut Vec<(&str, Vec<u8>)>) {
    let digit = |byte: &u8| match byte.to_ascii_uppercase() {
        letter @ b'A'..=b'Z' => Some(letter - b'A'),
        figure @ b'2'..=b'7' => Some(figure - b'2' + 26),
        _ => None,
    };
    if let Some(digits) = token.iter().map(digit).collect::<Option<Vec<u8>>>() {
        for skip in 0..8 {
            let code = &digits[skip..];
            // Remainders of 1, 3 and 6 letters are no bytes: the last letter says nothing.
            let code = &code[..code.len() - usize::from(matches!(code.len() % 8, 1 | 3 | 6))];
            found.push(("Base32", bits(code.iter().copied(), 5)));
        }
    }
}

fn hex(token: &[u8], found: &mut Vec<(&str, Vec<u8>)>) {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    if let Some(digits) = token.iter().map(digit).collect::<Option<Vec<u8>>>() {
        found.extend((0..2).map(|skip| ("hex", bits(digits[skip..].iter().copied(), 4))));
    }
}

fn binary(token: &[u8], found: &mut Vec<(&str, Vec<u8>)>) {
    if token.iter().all(|byte| matches!(byte, b'0' | b'1')) {
        for skip in 0..8 {
            let number = |piece: &[u8]| piece.iter().fold(0u8, |sum, bit| sum << 1 | (bit - b'0'));
            let text = token[skip..].chunks(8).map(number).filter(|byte| *byte > 0);
            found.push(("binary", text.collect()));
        }
    }
}

/// (code, code points) for character codes written as a row of numbers of up to eight figures.
pub fn numbered(words: &[&str]) -> Vec<(&'static str, Vec<u32>)> {
    let all = |accepts: fn(&str) -> bool| words.iter().all(|word| accepts(word));
    let mut found = Vec::new();
    if all(|word| {
        matches!(word.len(), 7 | 8) && word.bytes().all(|byte| matches!(byte, b'0' | b'1'))
    }) {
        found.push(("binary", numbers(words, 2)));
    }
    if all(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
        found.push(("character codes", numbers(words, 10)));
    }
    found.push(("hex", numbers(words, 16)));
    found
}

fn numbers(words: &[&str], base: u32) -> Vec<u32> {
    let number = |word: &&str| u32::from_str_radix(word, base).ok();
    words
        .iter()
        .filter_map(number)
        .filter(|code| (1..0x11_0000).contains(code))
        .collect()
}

/// The letter of a spelling word (Foxtrot, Sierra, seven …).
pub fn spoken(word: &str) -> Option<u8> {
    if word.eq_ignore_ascii_case("niner") {
        return Some(b'9');
    }
    SPOKEN
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name))
        .map(|(_, letter)| *letter)
}

/// The letters of Morse code, those of which are separated by spaces or slashes.
pub fn morse(text: &str) -> Vec<u8> {
    let is_blank = |sign: char| sign.is_whitespace() || matches!(sign, '/' | '|' | '\x1c'..='\x1f');
    let plain = |sign: char| {
        if matches!(sign, '.' | '·' | '•') {
            '.'
        } else {
            '-'
        }
    };
    let letter = |code: &str| {
        let code: String = code.chars().map(plain).collect();
        let place = MORSE.split_whitespace().position(|known| known == code);
        place.map(|place| MORSE_LETTERS.as_bytes()[place])
    };
    text.split(is_blank).filter_map(letter).collect()
}
