"""Writes a page for each mutation type: ``python docs/generate_mutation_pages.py``.

The operators say of themselves what they do. What is not in the code, the purpose of a
type and what its failures mean, is in mutations/texts.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from flakestorm.core.samples import EXAMPLES, Sample, operator_samples
from flakestorm.model.mutation import Kind
from flakestorm.model.mutation_type import PUBLISHED_DEFAULTS, MutationType
from flakestorm.reports.visible import visible

FOLDER = Path(__file__).with_name("mutations")
TEXTS = FOLDER / "texts.yaml"
WIDTH = 180
"""Characters of an example."""
NOTICE = "<!-- Written by docs/generate_mutation_pages.py; edit docs/mutations/texts.yaml and run it. -->"


def pages() -> dict[str, str]:
    """File name ► Markdown, for every mutation type, and a list of them all."""
    texts = yaml.safe_load(TEXTS.read_text("utf-8"))
    samples: dict[str, list[Sample]] = {}
    for sample in operator_samples():
        samples.setdefault(sample.info.type, []).append(sample)
    made = {f"{type_}.md": page(type_, samples[type_], texts[type_]) for type_ in MutationType}
    return {"README.md": contents(samples), **made}


def contents(samples: dict[str, list[Sample]]) -> str:
    """The list of all pages."""
    rows = [
        f"| [`{type_}`]({type_}.md) | {type_.description} | {len(samples[type_])} |" for type_ in MutationType
    ]
    total = sum(map(len, samples.values()))
    return _document(
        "# Mutation types",
        NOTICE,
        f"{total} operators in {len(samples)} types. How they are chosen, what kinds mean and how types are "
        "combined is in [Mutations](../mutations.md).",
        _table(("type", "what it does", "operators"), rows),
    )


def page(type_: MutationType, samples: list[Sample], texts: dict[str, Any]) -> str:
    """The page of one type."""
    kinds = ", ".join(sorted({f"`{sample.info.kind}`" for sample in samples}))
    implied = sorted({name for sample in samples for name in sample.info.implied})
    default = "on by default" if type_ in PUBLISHED_DEFAULTS else "not on by default"
    facts = f"Type `{type_}`, weight {type_.default_weight}, {default}. Kinds: {kinds}."
    if implied:
        facts += f" Implied invariants: {', '.join(f'`{name}`' for name in implied)}."
    has_attacks = any(sample.info.kind is Kind.PROTOCOL for sample in samples)
    return _document(
        f"# {type_.display_name}",
        NOTICE,
        facts,
        texts["purpose"],
        "See also [attacks on the protocol](../mutations-protocol.md)." if has_attacks else "",
        "## Operators",
        _legend(samples),
        _table(("operator", "kind", "what it does", "example"), map(_row, samples)),
        "## When an agent fails",
        _table(
            ("what you see", "what it usually means", "what helps"),
            (f"| {' | '.join(row)} |" for row in texts["failures"]),
        ),
        "" if type_ is MutationType.CUSTOM else _command(type_),
    )


def _legend(samples: list[Sample]) -> str:
    texts = any(sample.info.kind is not Kind.PROTOCOL for sample in samples)
    attacks = any(sample.info.kind is Kind.PROTOCOL for sample in samples)
    told = []
    if texts:
        told.append(
            f"Examples are made of {_code(EXAMPLES[0])}, or of the prompt that is given. Line breaks are "
            "shown as ⏎, invisible characters by their number, and turns one below the other."
        )
    if attacks:
        told.append("Examples of attacks on the protocol are what differs from the ordinary request.")
    return " ".join(told)


def _row(sample: Sample) -> str:
    info = sample.info
    name = info.name.partition(".")[2]
    return f"| `{name}` | `{info.kind}` | {_cell(info.summary)} | {_example(sample)} |"


def _example(sample: Sample) -> str:
    example = sample.example
    if example is None:
        return "–"
    if example.attack is not None:
        return _code(visible(json.dumps(example.attack.to_dict()), WIDTH))
    shown = "<br>".join(_code(visible(turn, WIDTH)) for turn in example.turns)
    return shown if sample.prompt == EXAMPLES[0] else f"of {_code(sample.prompt)}:<br>{shown}"


def _code(text: str) -> str:
    """``text`` as code in a table cell, whatever is in it."""
    if not text.strip():
        return "*(nothing)*" if not text else f"*({len(text)} spaces)*"
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if longest else ""
    return f"{fence}{padding}{_cell(text)}{padding}{fence}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _command(type_: MutationType) -> str:
    return f'```console\n$ flakestorm mutations "When does order 4512 arrive?" --type {type_}\n```'


def _table(head: tuple[str, ...], rows: Iterable[str]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *rows]
    return "\n".join(lines)


def _document(*parts: str) -> str:
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def main() -> None:
    """Write all pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
