//! Finds the places that patterns match, as `flakestorm/invariants/detection/engine.py` does.
//!
//! One pass of Aho-Corasick tells which needles are in a text, and so which patterns can match at all. Those that
//! have no needles share one pass of a regex set. Only what is left is searched one by one. None of this
//! backtracks: time is linear in the length of the text.

use aho_corasick::{AhoCorasick, MatchKind};
use regex::{Regex, RegexSet};

use crate::folding::{fold, Offsets};

/// What the table says of a pattern, as far as searching goes.
pub struct Row {
    /// In the dialect that Python reads alike.
    pub regex: String,
    /// One of these is in every text that matches; none for a pattern without needles.
    pub needles: Vec<String>,
    /// The same, for the words near a match.
    pub context: Vec<String>,
    /// So many digits in a row are in every text that matches.
    pub digits: usize,
    /// Searched in the text as it is, not folded.
    pub cased: bool,
}

/// Number of the pattern, and start and end of a match in code points.
pub type Spot = (usize, usize, usize);

struct Compiled {
    regex: Regex,
    digits: usize,
    cased: bool,
    /// Numbers of needles; one of each group must be there.
    groups: Vec<Vec<usize>>,
    /// The place in the regex set of a pattern that nothing but digits rules out.
    place_in_set: Option<usize>,
}

/// Patterns, ready to be searched for in any text.
pub struct Engine {
    patterns: Vec<Compiled>,
    needles: AhoCorasick,
    needle_count: usize,
    set: RegexSet,
    set_digits: usize,
}

impl Engine {
    /// Compiles `rows`; the error says which regular expression cannot be.
    pub fn new(rows: Vec<Row>) -> Result<Self, String> {
        let mut needles: Vec<String> = Vec::new();
        let mut without_needles: Vec<String> = Vec::new();
        let mut set_digits = usize::MAX;
        let mut patterns = Vec::with_capacity(rows.len());
        for row in rows {
            let bounded = format!(
                r"(?-u:\b{{start-half}})(?:{})(?-u:\b{{end-half}})",
                row.regex
            );
            let regex = Regex::new(&bounded).map_err(|error| format!("{}: {error}", row.regex))?;
            let groups: Vec<Vec<usize>> = [row.needles, row.context]
                .into_iter()
                .filter(|words| !words.is_empty())
                .map(|words| {
                    words
                        .into_iter()
                        .map(|word| number(&mut needles, word))
                        .collect()
                })
                .collect();
            let place_in_set = (groups.is_empty() && !row.cased).then(|| {
                without_needles.push(bounded);
                set_digits = set_digits.min(row.digits);
                without_needles.len() - 1
            });
            patterns.push(Compiled {
                regex,
                digits: row.digits,
                cased: row.cased,
                groups,
                place_in_set,
            });
        }
        let set = RegexSet::new(&without_needles).map_err(|error| error.to_string())?;
        let needle_count = needles.len();
        // Standard semantics, so that a needle inside another is found, too.
        let needles = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&needles)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            patterns,
            needles,
            needle_count,
            set,
            set_digits,
        })
    }

    /// All matches in the order of pattern and place; those of one pattern do not overlap.
    pub fn find(&self, text: &str) -> Vec<Spot> {
        let folded = fold(text);
        let digits = longest_run(text);
        let present = self.present(&folded);
        let in_set = (digits >= self.set_digits).then(|| self.set.matches(&folded));
        let (mut offsets, mut folded_offsets) = (None, None);
        let mut found = Vec::new();
        for (index, pattern) in self.patterns.iter().enumerate() {
            let possible = digits >= pattern.digits
                && pattern
                    .groups
                    .iter()
                    .all(|group| group.iter().any(|&needle| present[needle]))
                && pattern.place_in_set.is_none_or(|place| {
                    in_set
                        .as_ref()
                        .is_some_and(|matches| matches.matched(place))
                });
            if !possible {
                continue;
            }
            let (haystack, offsets) = if pattern.cased {
                (text, &mut offsets)
            } else {
                (folded.as_str(), &mut folded_offsets)
            };
            for place in pattern.regex.find_iter(haystack) {
                let offsets = offsets.get_or_insert_with(|| Offsets::new(haystack));
                found.push((index, offsets.of(place.start()), offsets.of(place.end())));
            }
        }
        found
    }

    fn present(&self, folded: &str) -> Vec<bool> {
        let mut present = vec![false; self.needle_count];
        for found in self.needles.find_overlapping_iter(folded) {
            present[found.pattern().as_usize()] = true;
        }
        present
    }
}

/// The number of `word` among `needles`, where it is added if it is new.
fn number(needles: &mut Vec<String>, word: String) -> usize {
    needles
        .iter()
        .position(|known| *known == word)
        .unwrap_or_else(|| {
            needles.push(word);
            needles.len() - 1
        })
}

/// The most digits in a row, with up to two separators between any two.
pub fn longest_run(text: &str) -> usize {
    let (mut longest, mut run, mut gap) = (0, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                run = if gap <= 2 { run + 1 } else { 1 };
                gap = 0;
                longest = longest.max(run);
            }
            b' ' | b'(' | b')' | b'.' | b'/' | b'-' => gap += 1,
            _ => gap = 3,
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(regex: &str, needles: &[&str], digits: usize) -> Row {
        let needles = needles.iter().map(|word| word.to_string()).collect();
        Row {
            regex: regex.into(),
            needles,
            context: vec![],
            digits,
            cased: false,
        }
    }

    fn find(rows: Vec<Row>, text: &str) -> Vec<Spot> {
        Engine::new(rows).unwrap().find(text)
    }

    #[test]
    fn places_are_code_points_of_the_text_as_it_came() {
        assert_eq!(
            find(vec![row("don't", &["don't"], 0)], "Ünïcode 😀 DON’T"),
            [(0, 10, 15)]
        );
    }

    #[test]
    fn nothing_matches_inside_a_word() {
        let text = "1234 x1234 1234x _1234 é1234";
        assert_eq!(
            find(vec![row("[0-9]{4}", &[], 4)], text),
            [(0, 0, 4), (0, 24, 28)]
        );
    }

    #[test]
    fn every_group_of_needles_must_be_there() {
        let rows = || {
            let mut only = row("[a-z]{3}", &["abc"], 0);
            only.context = vec!["near".into()];
            vec![only]
        };
        assert_eq!(find(rows(), "abc"), []);
        assert_eq!(find(rows(), "near"), []);
        assert_eq!(find(rows(), "abc. near?"), [(0, 0, 3)]);
    }

    #[test]
    fn a_needle_inside_another_is_found() {
        let rows = vec![
            row("keys", &["keys"], 0),
            row("keyser", &["keyser"], 0),
            row("key", &["key"], 0),
        ];
        assert_eq!(find(rows, "keyser key"), [(1, 0, 6), (2, 7, 10)]);
    }

    #[test]
    fn cased_patterns_see_capitals() {
        let mut cased = row("[A-Z][a-z]{2}", &[], 0);
        cased.cased = true;
        assert_eq!(find(vec![cased], "the Via"), [(0, 4, 7)]);
    }

    #[test]
    fn runs_of_digits() {
        for (text, most) in [
            ("", 0),
            ("a1", 1),
            ("12 34-(56", 6),
            ("12   34", 2),
            ("1a2", 1),
            ("1 2é345", 3),
        ] {
            assert_eq!(longest_run(text), most, "{text}");
        }
    }

    #[test]
    fn a_wrong_pattern_is_told() {
        assert!(Engine::new(vec![row("(", &[], 0)])
            .err()
            .unwrap()
            .starts_with("(: "));
    }
}
