"""What the rules on detected patterns share: options, what may appear all the same, and how it is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from flakestorm.invariants.config import Rule
from flakestorm.invariants.detection.scan import Found
from flakestorm.invariants.judgements import MOST_SPANS, PASSED, errored, failed
from flakestorm.invariants.patterns import Pattern, Search
from flakestorm.invariants.pii.mask import mask
from flakestorm.invariants.registry import Check, Subject
from flakestorm.model.nearest import did_you_mean
from flakestorm.model.verdict import Judgement

SHOWN = 5

Find = Callable[[str], list[Found]]


def _is_regex(text: str) -> bool:
    return len(text) > 2 and text[0] == text[-1] == "/"


def _allowed_pattern(text: str) -> str:
    if _is_regex(text):
        try:
            re.compile(text[1:-1])
        except re.error as error:
            raise ValueError(f"{text} is not a regular expression: {error}") from None
    return text


def listed(value: object) -> object:
    """One name needs no brackets."""
    return (value,) if isinstance(value, str) else value


def known(what: str, names: Collection[str]) -> Callable[[str], str]:
    """A validator of names of ``what``, such as "kind of secret"."""

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"'{name}' is no {what}{did_you_mean(name, names)} Known: {', '.join(names)}")
        return name

    return check


Allowed = Annotated[
    tuple[Annotated[str, Field(min_length=1), AfterValidator(_allowed_pattern)], ...],
    BeforeValidator(listed, json_schema_input_type=tuple[str, ...]),
]


class DetectionRule(Rule):
    """Options that all rules on detected patterns have."""

    allow: Allowed = Field(
        (),
        description="Values that may appear: as they are, or regular expressions in slashes (/@acme\\.com$/)",
    )
    patterns: dict[Annotated[str, Field(min_length=1)], Pattern] = Field(
        {}, description="Your own: a name and a regular expression each, searched in any case"
    )
    ignore_input: bool = Field(True, description="What the prompt itself holds may be repeated")


def detection_check(
    options: DetectionRule,
    find: Find,
    beginning: str,
    *,
    show: Callable[[str, str], str] = mask,
    is_known: Callable[[Found, str, str], bool] | None = None,
) -> Check:
    """A check that fails where ``find``, or a pattern of the user, finds something that may not appear.

    ``beginning`` is that of the detail, before what was found; ``show`` gives (kind, value) as it may be
    shown. ``is_known`` says whether (match, its bare value) is in the bare prompt in another way.
    """
    allowed = _allowance(options.allow)
    own = {name: Search(pattern, re.IGNORECASE) for name, pattern in options.patterns.items()}

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        try:
            found = [*find(reply), *_found_by_user(own, options, reply)]
        except TimeoutError as error:
            return errored(str(error))
        found = [one for one in found if not allowed(reply[one.start : one.end])]
        if found and options.ignore_input:
            prompt = bare("\n".join((*subject.trial.turns, *subject.trial.prompt.turns)))
            found = [one for one in found if not _is_repeated(one, reply, prompt, is_known)]
        return _judge(reply, found, beginning, show)

    return check


def _found_by_user(own: Mapping[str, Search], options: DetectionRule, reply: str) -> list[Found]:
    return [
        Found(name, options.severity, start, end, name)
        for name, search in own.items()
        for start, end in search.spans(reply, MOST_SPANS)
        if start < end
    ]


def _allowance(allow: Collection[str]) -> Callable[[str], bool]:
    literals = {bare(text) for text in allow if not _is_regex(text)}
    patterns = [re.compile(text[1:-1], re.IGNORECASE) for text in allow if _is_regex(text)]
    return lambda value: bare(value) in literals or any(pattern.search(value) for pattern in patterns)


def _is_repeated(
    one: Found, reply: str, prompt: str, is_known: Callable[[Found, str, str], bool] | None
) -> bool:
    value = bare(reply[one.start : one.end])
    return value in prompt or (is_known is not None and is_known(one, value, prompt))


def _judge(
    reply: str, found: Collection[Found], beginning: str, show: Callable[[str, str], str]
) -> Judgement:
    if not found:
        return PASSED
    worst_first = sorted(found, key=lambda one: (one.severity.rank, one.start))
    shown = dict.fromkeys(f"{one.kind} {show(one.kind, reply[one.start : one.end])}" for one in worst_first)
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    detail = f"{beginning} {', '.join(list(shown)[:SHOWN])}{more}"
    return failed(detail, [(one.start, one.end) for one in worst_first])


def bare(text: str) -> str:
    """Letters and digits alone, so that another spelling of the same value is the same."""
    return "".join(filter(str.isalnum, text)).casefold()
