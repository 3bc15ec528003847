"""Takes the documentation apart: its pages, and the blocks of code in them, become parameters of tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/providers").glob("*.md")),
)

BLOCK = re.compile(r"^```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block. ``info`` are the words after the language, such as ``file=agent.py`` or ``exit=1``."""

    page: Path
    line: int
    language: str
    info: tuple[str, ...]
    text: str

    def option(self, name: str) -> str | None:
        """The value of ``name=value`` in the info string."""
        found = [word.partition("=")[2] for word in self.info if word.startswith(f"{name}=")]
        return found[0] if found else None

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Page:
    """A page of the documentation with its blocks in order."""

    path: Path
    text: str
    blocks: tuple[Block, ...]

    def __str__(self) -> str:
        return self.path.name

    def of(self, language: str) -> list[Block]:
        """The blocks in one language."""
        return [block for block in self.blocks if block.language == language]


def _read(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    blocks = tuple(
        Block(
            path,
            text.count("\n", 0, found.start()) + 1,
            found["language"],
            tuple(found["info"].split()),
            found["text"],
        )
        for found in BLOCK.finditer(text)
    )
    return Page(path, text, blocks)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``page`` is each page, ``commands_page`` each with commands to run, ``yaml_block`` each YAML block …"""
    pages = [_read(path) for path in PAGES]
    values: dict[str, list[Page] | list[Block]] = {
        "page": pages,
        "commands_page": [page for page in pages if page.of("console")],
        "yaml_block": [block for page in pages for block in page.of("yaml")],
        "python_block": [
            block for page in pages for block in page.of("python") if block.option("file") is None
        ],
    }
    for name, found in values.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, found, ids=str)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT
