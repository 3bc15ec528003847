//! The ways to read a reply in which a canary could hide; the twin of `canary_readings.py`.

use std::sync::LazyLock;

use memchr::memmem;
use regex::Regex;

use super::codes::{decodings, morse, numbered, runs, spoken, SHORTEST};

/// Digits in the shortest row of numbers.
const FEWEST_DIGITS: usize = 8;
/// Dashes in the shortest Morse code that is more than E, I, S, H and 5.
const FEWEST_DASHES: usize = 4;
/// Eight numbers of two figures and seven separators.
const ROW: usize = 23;
/// Eight letters in Morse code and the blanks between them.
const SIGNS: usize = 15;
/// Letters that no row of numbers has.
static BEYOND_NUMBERS: [bool; 256] = among(b"ghijklmnopqrstvwyzGHIJKLMNOPQRSTVWYZ");
static IN_MORSE: [bool; 256] = among(".-·•–—−_/| \t\r\n".as_bytes());
static IN_CODE: [bool; 256] =
    among(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-");

const INNER: &str = concat!(
    r"(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,16});|",
    r"\\u\{?[0-9A-Fa-f]{4,6}\}?|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2}",
);
static ESCAPE: LazyLock<Regex> = LazyLock::new(|| compiled(&format!("{INNER}|<[^<>]{{0,80}}>")));
/// What stands between < and > may be no tag.
static ESCAPE_IN_TAGS: LazyLock<Regex> = LazyLock::new(|| compiled(INNER));
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?:0[xb]|U\+|\\[ux]|&#)?([0-9A-Fa-f]{2,8})"));
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    compiled(concat!(
        r"(?:(?:0[xb]|U\+|\\[ux]|&#)?[0-9A-Fa-f]{2,8}[^0-9A-Za-z]{1,3}){7,}",
        r"(?:0[xb]|U\+|\\[ux]|&#)?[0-9A-Fa-f]{2,8}",
    ))
});
static SPELLED: LazyLock<Regex> = LazyLock::new(|| compiled("[A-Za-z]+"));
static MORSE: LazyLock<Regex> = LazyLock::new(|| {
    // The classes of Python: its \s has four control characters more.
    compiled(concat!(
        r"(?:^|[^.\-·•–—−_])([.\-·•–—−_]{1,6}",
        r"(?:[\s\x1c-\x1f/|]{1,5}[.\-·•–—−_]{1,6}){7,})",
    ))
});

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant")
}

/// What only Python knows for sure, because it depends on its Unicode version and its entities.
pub trait Letters {
    /// Latin-1 to the first plain letter of each character, blank for those without.
    fn folded(&self) -> &[u8; 256];
    /// Push the plain letters that a code point is read as: upper-case ASCII letters and digits.
    fn read(&mut self, code: u32, letters: &mut Vec<u8>);
    /// The text of an HTML entity such as `&amp;`.
    fn entity(&mut self, escape: &str) -> String;
}

/// Plain letters, the span of the reply (code points) that each comes from, and how they were read.
pub struct Reading {
    pub letters: Vec<u8>,
    pub how: String,
    spans: Spans,
}

enum Spans {
    Each(Vec<(usize, usize)>),
    One((usize, usize)),
}

impl Reading {
    pub fn span(&self, letter: usize) -> (usize, usize) {
        match &self.spans {
            Spans::Each(spans) => spans[letter],
            Spans::One(span) => *span,
        }
    }

    fn each(how: &str) -> Self {
        Reading {
            letters: Vec::new(),
            how: how.to_owned(),
            spans: Spans::Each(Vec::new()),
        }
    }

    fn one(letters: Vec<u8>, how: &str, span: (usize, usize)) -> Self {
        Reading {
            letters,
            how: how.to_owned(),
            spans: Spans::One(span),
        }
    }

    fn push(&mut self, code: u32, span: (usize, usize), letters: &mut dyn Letters) {
        letters.read(code, &mut self.letters);
        if let Spans::Each(spans) = &mut self.spans {
            spans.resize(self.letters.len(), span);
        }
    }
}

/// Bytes to code points, for places that are asked for from left to right.
struct Points<'a> {
    text: &'a str,
    byte: usize,
    point: usize,
}

impl<'a> Points<'a> {
    fn new(text: &'a str) -> Self {
        Points {
            text,
            byte: 0,
            point: 0,
        }
    }

    fn at(&mut self, byte: usize) -> usize {
        self.point += self.text[self.byte..byte].chars().count();
        self.byte = byte;
        self.point
    }
}

/// All readings of `reply` that could show one of `needles`, the one as written first.
pub fn each(
    reply: &str,
    needles: &[&[u8]],
    letters: &mut dyn Letters,
    found: &mut dyn FnMut(Reading),
) {
    let may_be = if reply.is_ascii() {
        may_be_written(reply.bytes().map(u32::from), needles, letters)
    } else {
        may_be_written(reply.chars().map(u32::from), needles, letters)
    };
    if may_be {
        found(as_written(reply, letters));
    }
    let raw = reply.as_bytes();
    let has_tags = memchr::memchr(b'<', raw).is_some();
    if has_tags || memchr::memchr3(b'%', b'&', b'\\', raw).is_some() {
        let kinds: [&Regex; 2] = [&ESCAPE, &ESCAPE_IN_TAGS];
        for escape in &kinds[..1 + usize::from(has_tags)] {
            let text = unescaped(reply, escape, letters);
            if text.is_some_and(|text| may_be_written(text.iter().copied(), needles, letters)) {
                found(unescaped_reading(reply, escape, letters));
            }
        }
    }
    if has_run(raw, &IN_CODE, false, SHORTEST) {
        decoded(reply, letters, found);
    }
    if has_run(raw, &BEYOND_NUMBERS, true, ROW)
        && raw.iter().filter(|byte| byte.is_ascii_digit()).count() >= FEWEST_DIGITS
    {
        numbers(reply, letters, found);
    }
    if memmem::find(raw, b"oxtrot")
        .or_else(|| memmem::find(raw, b"OXTROT"))
        .is_some()
    {
        found(spelled(reply));
    }
    let dashes = raw.iter().filter(|byte| **byte == b'-').count();
    if (dashes >= FEWEST_DASHES || !reply.is_ascii()) && has_run(raw, &IN_MORSE, false, SIGNS) {
        signs(reply, found);
    }
}

/// Which bytes are among `bytes`.
const fn among(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut place = 0;
    while place < bytes.len() {
        table[bytes[place] as usize] = true;
        place += 1;
    }
    table
}

/// Whether `length` bytes in a row are `wanted`, or with `not` none of them is. Looks at few of them: a run that
/// the last byte breaks cannot begin before it.
fn has_run(raw: &[u8], wanted: &[bool; 256], not: bool, length: usize) -> bool {
    let mut end = length;
    while let Some(window) = raw.get(end - length..end) {
        match window
            .iter()
            .rposition(|byte| wanted[usize::from(*byte)] == not)
        {
            None => return true,
            Some(place) => end += place + 1,
        }
    }
    false
}

/// The plain letters of a text: in Latin-1 the first of each character, else all of them.
fn plain(text: impl Iterator<Item = u32> + Clone, letters: &mut dyn Letters) -> Vec<u8> {
    let mut read = Vec::new();
    if text.clone().all(|code| code < 256) {
        let folded = letters.folded();
        read.extend(
            text.map(|code| folded[code as usize])
                .filter(|letter| *letter != b' '),
        );
    } else {
        text.for_each(|code| letters.read(code, &mut read));
    }
    read
}

fn may_be_written(
    text: impl Iterator<Item = u32> + Clone,
    needles: &[&[u8]],
    letters: &mut dyn Letters,
) -> bool {
    let read = plain(text, letters);
    needles
        .iter()
        .any(|needle| memmem::find(&read, needle).is_some())
}

fn as_written(reply: &str, letters: &mut dyn Letters) -> Reading {
    let mut reading = Reading::each("");
    for (place, character) in reply.chars().enumerate() {
        reading.push(u32::from(character), (place, place + 1), letters);
    }
    reading
}

/// The code points of `reply` without its escapes; None where that changes nothing.
fn unescaped(reply: &str, escapes: &Regex, letters: &mut dyn Letters) -> Option<Vec<u32>> {
    let mut text: Vec<u32> = Vec::with_capacity(reply.len());
    let (mut done, mut changed) = (0, false);
    for escape in escapes.find_iter(reply) {
        text.extend(reply[done..escape.start()].chars().map(u32::from));
        let meant = unescape(escape.as_str(), letters);
        changed |= !escape
            .as_str()
            .chars()
            .map(u32::from)
            .eq(meant.iter().copied());
        text.extend(meant);
        done = escape.end();
    }
    text.extend(reply[done..].chars().map(u32::from));
    changed.then_some(text)
}

fn unescaped_reading(reply: &str, escapes: &Regex, letters: &mut dyn Letters) -> Reading {
    let mut reading = Reading::each("escapes");
    let (mut done, mut place) = (0, 0);
    for escape in escapes.find_iter(reply) {
        for character in reply[done..escape.start()].chars() {
            reading.push(u32::from(character), (place, place + 1), letters);
            place += 1;
        }
        let end = place + escape.as_str().chars().count();
        for code in unescape(escape.as_str(), letters) {
            reading.push(code, (place, end), letters);
        }
        (done, place) = (escape.end(), end);
    }
    for character in reply[done..].chars() {
        reading.push(u32::from(character), (place, place + 1), letters);
        place += 1;
    }
    reading
}

fn unescape(escape: &str, letters: &mut dyn Letters) -> Vec<u32> {
    let number = |digits: &str| u32::from_str_radix(digits, 16).unwrap_or(u32::MAX);
    match escape.as_bytes()[0] {
        b'<' => Vec::new(),
        b'&' => letters.entity(escape).chars().map(u32::from).collect(),
        b'%' => {
            let bytes: Vec<u8> = escape
                .split('%')
                .skip(1)
                .map(|pair| number(pair) as u8)
                .collect();
            String::from_utf8_lossy(&bytes)
                .chars()
                .map(u32::from)
                .collect()
        }
        _ => Some(number(escape[2..].trim_matches(['{', '}'])))
            .filter(|code| *code < 0x11_0000)
            .into_iter()
            .collect(),
    }
}

fn decoded(reply: &str, letters: &mut dyn Letters, found: &mut dyn FnMut(Reading)) {
    let mut points = Points::new(reply);
    let mut seen = 0;
    for (start, end) in runs(reply.as_bytes()) {
        let token = &reply[start..end];
        if is_words(token) {
            continue;
        }
        let begin = seen
            + memmem::find(&reply.as_bytes()[seen..], token.as_bytes()).unwrap_or(start - seen);
        seen = begin + token.len();
        let span = (points.at(begin), points.at(seen));
        let folded = *letters.folded();
        decodings(token.as_bytes(), 2, &mut |how, text| {
            let fold =
                |byte: &u8| Some(folded[usize::from(*byte)]).filter(|letter| *letter != b' ');
            found(Reading::one(
                text.iter().filter_map(fold).collect(),
                how,
                span,
            ));
        });
    }
}

/// A long word, or several joined by hyphens: no code is lower-case letters only.
fn is_words(token: &str) -> bool {
    let mut bytes = token
        .bytes()
        .filter(|byte| !matches!(byte, b'-' | b'/' | b'_' | b'+'));
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let mut rest = bytes.peekable();
    first && rest.peek().is_some() && rest.all(|byte| byte.is_ascii_lowercase())
}

fn numbers(reply: &str, letters: &mut dyn Letters, found: &mut dyn FnMut(Reading)) {
    let mut points = Points::new(reply);
    for row in NUMBERS.find_iter(reply) {
        let span = (points.at(row.start()), points.at(row.end()));
        let words: Vec<&str> = NUMBER
            .captures_iter(row.as_str())
            .map(|number| number.extract::<1>().1[0])
            .collect();
        for (how, codes) in numbered(&words) {
            found(Reading::one(plain(codes.into_iter(), letters), how, span));
        }
    }
}

fn spelled(reply: &str) -> Reading {
    let mut points = Points::new(reply);
    let (mut read, mut spans) = (Vec::new(), Vec::new());
    for word in SPELLED.find_iter(reply) {
        if let Some(letter) = spoken(word.as_str()) {
            read.push(letter);
            spans.push((points.at(word.start()), points.at(word.end())));
        }
    }
    Reading {
        letters: read,
        how: "spelling words".to_owned(),
        spans: Spans::Each(spans),
    }
}

fn signs(reply: &str, found: &mut dyn FnMut(Reading)) {
    let mut points = Points::new(reply);
    for code in MORSE
        .captures_iter(reply)
        .filter_map(|captures| captures.get(1))
    {
        let span = (points.at(code.start()), points.at(code.end()));
        found(Reading::one(morse(code.as_str()), "Morse code", span));
    }
}
