//! What Python sees: the module `flakestorm_rust`, described by `flakestorm_rust.pyi`.

mod bootstrap;
mod canary;
mod patterns;

use pyo3::prelude::*;

/// The crate's version, as Python writes it: Cargo's `3.1.0-rc1` is `3.1.0rc1`.
fn version() -> String {
    env!("CARGO_PKG_VERSION").replace('-', "")
}

#[pymodule]
fn flakestorm_rust(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", version())?;
    module.add_class::<canary::CanarySearch>()?;
    module.add_function(wrap_pyfunction!(bootstrap::bootstrap_ratios, module)?)?;
    module.add_class::<patterns::PatternEngine>()?;
    Ok(())
}
