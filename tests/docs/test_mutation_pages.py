"""The pages about mutation types say what the operators do today."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from flakestorm.model.mutation_type import MutationType


@pytest.fixture(scope="module")
def generator(root: Path) -> ModuleType:
    """The program that writes the pages."""
    spec = spec_from_file_location("generate_mutation_pages", root / "docs" / "generate_mutation_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(generator: ModuleType) -> dict[str, str]:
    """What it would write."""
    made: dict[str, str] = generator.pages()
    return made


def test_pages_are_up_to_date(root: Path, pages: dict[str, str]) -> None:
    """After a change of an operator: python docs/generate_mutation_pages.py, and read the difference."""
    folder = root / "docs" / "mutations"
    assert {path.name for path in folder.glob("*.md")} == set(pages)
    stale = [name for name, text in pages.items() if (folder / name).read_text("utf-8") != text]
    assert stale == []


def test_every_type_has_a_page(pages: dict[str, str]) -> None:
    """With its operators, and with what a failure means."""
    for type_ in MutationType:
        text = pages[f"{type_}.md"]
        assert text.startswith(f"# {type_.display_name}\n")
        assert "## When an agent fails\n" in text
        assert re.search(r"^\| `\w+` \| `\w+` \| .+ \| .+ \|$", text, re.MULTILINE)


def test_tables_have_as_many_cells_as_columns(pages: dict[str, str]) -> None:
    """No example breaks the table that it stands in."""
    for name, text in pages.items():
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            rows = table.splitlines()
            cells = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
            assert len(set(cells)) == 1, f"{name}: {rows[cells.index(max(cells))]}"


def test_texts_are_complete(root: Path) -> None:
    """Every type says what it is for, and each failure what it means and what helps."""
    texts: dict[str, Any] = yaml.safe_load((root / "docs/mutations/texts.yaml").read_text("utf-8"))
    assert set(texts) == {str(type_) for type_ in MutationType}
    for type_, about in texts.items():
        assert set(about) == {"purpose", "failures"}, type_
        assert all(len(row) == 3 and all(row) for row in about["failures"]), type_


def test_links_lead_somewhere(root: Path, pages: dict[str, str]) -> None:
    """Every relative link of a page has its file."""
    for name, text in pages.items():
        prose = re.sub(r"(`+).*?\1", "", text)
        for target in re.findall(r"\]\(([^)\s#]+)", prose):
            assert (root / "docs" / "mutations" / target).resolve().exists(), f"{name}: {target}"


def test_code_spans_hold_whatever_is_in_them(generator: ModuleType) -> None:
    """Backticks get a longer fence, bars are escaped, and nothing is said to be nothing."""
    code = generator._code
    assert code("a|b") == "`a\\|b`"
    assert code("a``b`c") == "``` a``b`c ```"
    assert (code(""), code("   ")) == ("*(nothing)*", "*(3 spaces)*")
