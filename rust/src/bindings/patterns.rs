//! `PatternEngine`, the pattern engine for Python.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::patterns::{Engine, Row, Spot};

type PyRow = (String, Vec<String>, Vec<String>, usize, bool);

/// Searches a text for all of its patterns at once.
#[pyclass(frozen)]
pub struct PatternEngine(Engine);

#[pymethods]
impl PatternEngine {
    #[new]
    fn new(rows: Vec<PyRow>) -> PyResult<Self> {
        let rows = rows
            .into_iter()
            .map(|(regex, needles, context, digits, cased)| Row {
                regex,
                needles,
                context,
                digits,
                cased,
            })
            .collect();
        Engine::new(rows).map(Self).map_err(PyValueError::new_err)
    }

    fn find(&self, py: Python<'_>, text: &str) -> Vec<Spot> {
        py.detach(|| self.0.find(text))
    }
}
