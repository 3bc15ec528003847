"""A comparison as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flakestorm.reports.markdown_text import cell, code, prose
from flakestorm.scoring.comparison_result import Change, Comparison, RunLabel

SHOWN_CHANGES = 20
SHOWN_ARMS = 30
EXAMPLE_WIDTH = 200
"""With these a comment stays below the 65,536 characters that GitHub takes."""


def comparison_markdown(found: Comparison) -> str:
    """``found`` in Markdown; hostile text stays text."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Comparison) -> Iterator[str]:
    yield f"## flakestorm: {found.numbers.verdict}"
    yield ""
    yield f"**{prose(found.headline)}**"
    yield ""
    for reason in found.reasons():
        yield f"- {prose(reason)}"
    yield f"- {_label(found.head)} against {_label(found.base)}"
    yield from _arms(found)
    yield from _changes("Newly failing", found.newly_failing, len(found.failing_ids))
    yield from _changes("Newly passing", found.newly_passing, len(found.passing_ids))


def _label(label: RunLabel) -> str:
    places = [code(part) for part in (label.branch, label.commit[:12]) if part]
    where = f" ({', '.join(places)})" if places else ""
    return f"run {code(label.id)}{where}"


def _arms(found: Comparison) -> Iterator[str]:
    changed = [arm for arm in found.numbers.arms if arm.newly_failing or arm.newly_passing]
    if not changed:
        return
    yield ""
    yield "| where | compared | newly failing | newly passing |"
    yield "|---|---:|---:|---:|"
    for arm in changed[:SHOWN_ARMS]:
        name = cell(arm.name) if arm.name else "undisturbed"
        yield f"| {name} | {arm.judged:,} | {arm.newly_failing:,} | {arm.newly_passing:,} |"


def _changes(title: str, changes: Sequence[Change], count: int) -> Iterator[str]:
    if not count:
        return
    yield ""
    yield f"<details><summary>{title}: {count:,}</summary>"
    yield ""
    for change in changes[:SHOWN_CHANGES]:
        rule = f" breaks {code(change.rule, 80)}" if change.rule else ""
        yield f"- **{change.severity}** {code(change.prompt, 80)}{rule}, trial {code(change.id)}"
        made = f" ({code(change.operator, 80)})" if change.operator else " (undisturbed)"
        yield f"    - sent{made}: {code(change.sent, EXAMPLE_WIDTH)}"
        for name, reply in (("before", change.before), ("now", change.after)):
            if reply is not None:
                yield f"    - {name}: {code(reply, EXAMPLE_WIDTH)}"
    if count > SHOWN_CHANGES:
        yield f"- … and {count - SHOWN_CHANGES:,} more"
    yield ""
    yield "</details>"
