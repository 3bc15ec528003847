"""The page about faults says what the catalogue says today."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path


def test_tables_are_up_to_date(root: Path) -> None:
    """After a change of a fault: python docs/generate_fault_tables.py, and read the difference."""
    spec = spec_from_file_location("generate_fault_tables", root / "docs" / "generate_fault_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (root / "docs" / "faults.md").read_text("utf-8")
    assert page.count("<!-- begin ") == page.count("<!-- end -->") == 6
    assert module.filled(page) == page
    assert "`failed_after_commit`" in page
