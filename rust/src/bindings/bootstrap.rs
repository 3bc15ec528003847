//! The bootstrap for Python: `flakestorm_rust.bootstrap_ratios`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::bootstrap::{ratios, Kind};

/// Σ top ÷ Σ bottom of each of `resamples` draws; position k of the three lists is one kind of unit.
#[pyfunction]
pub fn bootstrap_ratios(
    py: Python<'_>,
    tops: Vec<f64>,
    bottoms: Vec<f64>,
    units: Vec<u32>,
    resamples: u32,
    seed: u64,
) -> PyResult<Vec<f64>> {
    if tops.len() != units.len()
        || bottoms.len() != units.len()
        || !units.iter().any(|count| *count > 0)
    {
        return Err(PyValueError::new_err(
            "three lists of one length are needed, and a unit",
        ));
    }
    let kinds: Vec<Kind> = tops
        .into_iter()
        .zip(bottoms)
        .zip(units)
        .map(|((top, bottom), units)| Kind { top, bottom, units })
        .collect();
    // A second of work for millions of trials: other threads go on meanwhile.
    Ok(py.detach(|| ratios(&kinds, resamples, seed)))
}
