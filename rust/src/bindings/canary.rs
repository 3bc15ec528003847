//! The canary search for Python: `flakestorm_rust.CanarySearch`.

use std::collections::HashMap;
use std::sync::Mutex;

use pyo3::prelude::*;

use crate::canary::{spans, Hit, Letters};

/// Finds canaries; asks Python for what depends on its version of Unicode, and remembers the answers.
#[pyclass(frozen, module = "flakestorm_rust")]
pub struct CanarySearch {
    plain: Py<PyAny>,
    entity: Py<PyAny>,
    folded: [u8; 256],
    known: Mutex<HashMap<u32, Box<[u8]>>>,
}

#[pymethods]
impl CanarySearch {
    /// `plain` maps a code point to its plain letters; `entity` gives the text of an HTML entity.
    #[new]
    fn new(plain: &Bound<'_, PyAny>, entity: Py<PyAny>) -> PyResult<Self> {
        let mut folded = [b' '; 256];
        for (code, letter) in folded.iter_mut().enumerate() {
            let letters: String = plain.get_item(code)?.extract()?;
            *letter = letters.bytes().next().unwrap_or(b' ');
        }
        Ok(CanarySearch {
            plain: plain.clone().unbind(),
            entity,
            folded,
            known: Mutex::default(),
        })
    }

    /// (start, end, how) of each place of `reply` that may hold `core`, in order.
    fn spans(&self, py: Python<'_>, reply: &str, core: &str) -> PyResult<Vec<Hit>> {
        let mut asked = Asked {
            search: self,
            py,
            error: None,
        };
        let found = spans(reply, core, &mut asked);
        asked.error.map_or(Ok(found), Err)
    }
}

/// Python's answers during one search. After an error, such as an interrupt, the rest of it is of no use.
struct Asked<'a, 'py> {
    search: &'a CanarySearch,
    py: Python<'py>,
    error: Option<PyErr>,
}

impl Asked<'_, '_> {
    fn answer(&mut self, answer: PyResult<String>) -> String {
        answer.unwrap_or_else(|error| {
            self.error.get_or_insert(error);
            String::new()
        })
    }
}

impl Letters for Asked<'_, '_> {
    fn folded(&self) -> &[u8; 256] {
        &self.search.folded
    }

    fn read(&mut self, code: u32, letters: &mut Vec<u8>) {
        // Never locked while Python runs: it may switch to a thread that searches too.
        if let Ok(known) = self.search.known.lock() {
            if let Some(read) = known.get(&code) {
                letters.extend_from_slice(read);
                return;
            }
        }
        let plain = self.search.plain.bind(self.py).get_item(code);
        let read = self.answer(plain.and_then(|read| read.extract()));
        letters.extend_from_slice(read.as_bytes());
        if let Ok(mut known) = self.search.known.lock() {
            known.insert(code, read.into_bytes().into());
        }
    }

    fn entity(&mut self, escape: &str) -> String {
        let meant = self.search.entity.call1(self.py, (escape,));
        self.answer(meant.and_then(|text| text.extract(self.py)))
    }
}
