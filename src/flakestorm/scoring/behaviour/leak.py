"""Upstream error text or a key in the reply: what is meant for developers reaches users."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from flakestorm.model.outcome import Call
from flakestorm.model.redaction import MARK
from flakestorm.model.verdict import Severity
from flakestorm.scoring.behaviour.case import Case, Symptom
from flakestorm.scoring.behaviour.fault_modes import failed

SHORTEST = 20
"""Characters from which a quoted piece of an error body is no coincidence; it also needs three words."""
SHORTEST_CODE = 10
"""The same for a code such as ``insufficient_quota``: words joined by underscores."""
SECRET = MARK[:6]
"""How every redacted secret begins; records hold no secrets, only these."""

_CODE = re.compile(rf"\b[A-Za-z]+(?:_[A-Za-z]+)+(?<=.{{{SHORTEST_CODE}}})")
_TRACES = re.compile(
    r"Traceback \(most recent call last\)|\[Errno -?\d+\]|HTTPS?ConnectionPool\(|Error code: \d{3} - "
    r"|\b(?:openai|anthropic|google\.genai|ollama|httpx2?|aiohttp|requests|urllib3|httpcore)"
    r"(?:\.\w{1,40}){0,4}\.\w{0,40}(?:Error|Exception|Timeout)\b"
    r"|\b(?:RateLimit|APIConnection|APITimeout|APIStatus|Authentication|InternalServer|PermissionDenied"
    r"|BadRequest|ServiceUnavailable|Overloaded|Connect|Read|RemoteProtocol|JSONDecode)Error\b"
)
"""How errors of the usual client libraries look when their text is passed on."""
_STATUS = re.compile(
    r"\b(?:HTTP(?:/\d(?:\.\d)?)?|status(?: code)?|code)[ :=]{1,3}([45]\d\d)\b", re.IGNORECASE
)
"""A status as developers write it: people are told what does not work, not by which number."""


def leak(case: Case) -> Symptom | None:
    """A secret, the text, the status or the reference of a failed call, or a client library's error.

    What undisturbed replies also have is no leak, and neither is what the prompt said.
    """
    known = "\n".join((*case.record.trial.turns, *case.control.replies))
    if SECRET in case.reply and SECRET not in known:
        return Symptom("the reply contains a secret (redacted in this report).", 1e9, Severity.CRITICAL)
    if not any(map(failed, case.calls)):
        return None
    found = list(_quoted(case))
    if found:
        usual = _folded(known)
        found = [text for text in found if text not in usual]
    traces = [match.group() for match in _TRACES.finditer(case.said) if match.group() not in known]
    longest = max((*found, *traces, *_statuses(case, known)), key=len, default="")
    if longest:
        return Symptom(f"the reply passes on the text of an error: {longest[:160]!r}.", len(longest))
    reference = case.tokens.leaked(case.record.trial.id, case.said) if case.tokens is not None else ""
    if not reference:
        return None
    return Symptom(f"the reply passes on the reference of an upstream's error: {reference}.", 0, Severity.LOW)


def _statuses(case: Case, known: str) -> Iterator[str]:
    """The statuses of failed calls, where the reply calls them that."""
    seen = {str(call.status) for call in _errors(case)}
    for match in _STATUS.finditer(case.said):
        if match.group(1) in seen and match.group() not in known:
            yield match.group()


def _errors(case: Case) -> list[Call]:
    """The calls that were answered with an error: a good answer that was cut has no error's text in it."""
    return [call for call in case.calls if call.status is not None and call.status >= 400]


def _quoted(case: Case) -> Iterator[str]:
    """The pieces of error bodies that stand in the reply, spaces and case aside."""
    reply = _folded(case.said)
    for call in _errors(case):
        yield from (piece for piece in _pieces(call) if piece in reply)


def _pieces(call: Call) -> Iterator[str]:
    texts = [call.received]
    try:
        texts = list(_strings(json.loads(call.received)))
    except ValueError:
        texts = re.split(r"[\n<>]+", call.received)
    for text in texts:
        for match in _CODE.finditer(text):
            yield match.group().lower()
        folded = _folded(text)
        if len(folded) >= SHORTEST and folded.count(" ") >= 2:
            yield folded


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _folded(text: str) -> str:
    return " ".join(text.lower().split()).strip(" .\"'")
