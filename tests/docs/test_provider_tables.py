"""The pages about providers say what the tests prove with the real clients, and what flakestorm answers."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from flakestorm.chaos.modes import LLM_MODES

PAGES = {"openai": 3, "anthropic": 2, "google": 2, "ollama": 2}
"""Name of a page ► how many tables are made on it."""


@pytest.fixture(scope="module")
def generator(root: Path) -> dict[str, Any]:
    """The program that writes the tables."""
    return runpy.run_path(str(root / "docs/generate_provider_tables.py"))


@pytest.mark.parametrize("name", PAGES)
def test_tables_are_up_to_date(root: Path, generator: dict[str, Any], name: str) -> None:
    """After a change: python docs/generate_provider_tables.py, and read the difference."""
    page = (root / "docs/providers" / f"{name}.md").read_text("utf-8")
    assert page.count("<!-- begin ") == page.count("<!-- end -->") == PAGES[name]
    assert generator["filled"](page) == page
    assert all(f"| `{mode}` |" in page for mode in LLM_MODES)


def test_there_is_a_page_for_each_provider(root: Path) -> None:
    """And no other."""
    assert {path.stem for path in (root / "docs/providers").glob("*.md")} == set(PAGES)


def test_errors_are_told_apart(generator: dict[str, Any]) -> None:
    """A spent quota is no rate limit at OpenAI; what a provider does not have is not listed."""
    assert "| `quota_exhausted` | 429 | type `insufficient_quota`" in generator["_errors"]("openai")
    assert "| `overloaded` | 529 |" in generator["_errors"]("anthropic")
    assert "quota_exhausted" not in generator["_errors"]("ollama")
