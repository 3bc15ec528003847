"""Secrets never land: known values and well-known key forms are blotted out of everything that is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from flakestorm.model.outcome import Outcome
from flakestorm.model.record import TrialRecord
from flakestorm.model.wire import Wire

MARK = "[redacted]"
SHORTEST = 6
"""Shorter values (a port, a flag) are not secrets, and replacing them would garble everything."""

_KEY_FORMS = re.compile(
    r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}"  # OpenAI, Anthropic
    r"|\bAIza[A-Za-z0-9_-]{35}"  # Google
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}"  # GitHub
    r"|\bAKIA[A-Z0-9]{16}\b"  # AWS
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"  # Slack
    r"|(?i:\bbearer )[A-Za-z0-9._~+/-]{16,}=*"
)
_HINTS = ("sk-", "AIza", *(f"gh{kind}_" for kind in "pousr"), "AKIA", "xox", "earer ", "EARER ")
"""One of these is in every text that ``_KEY_FORMS`` can match; looking for them first is much cheaper."""


def _has_any(text: str, parts: Iterable[str]) -> bool:
    # A loop: every text of a trial is asked, and a generator takes three times as long.
    for part in parts:  # noqa: SIM110 - see above
        if part in text:
            return True
    return False


class Redactor:
    """Blots out ``secrets`` and well-known key forms.

    The replacement is as long as the secret, so that places in the text stay where they are: evidence is
    found in the true reply, and shown in the redacted one.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first, so that a secret inside another leaves no rest.
        self._values = sorted({s for s in secrets if len(s) >= SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, self._values)))

    def __call__(self, text: str) -> str:
        """``text`` without secrets, of the same length."""
        # Next to no text has one, and looking for each is much cheaper than an expression of all.
        if _has_any(text, self._values):
            text = self._known.sub(_blot, text)
        if _has_any(text, _HINTS):
            text = _KEY_FORMS.sub(_blot, text)
        return text

    def record(self, record: TrialRecord) -> TrialRecord:
        """``record`` without secrets in what the agent sent back and in what was said of it."""
        outcome = self._outcome(record.outcome)
        verdicts = tuple(
            v if not v.detail or (clean := self(v.detail)) == v.detail else replace(v, detail=clean)
            for v in record.verdicts
        )
        if outcome is record.outcome and verdicts == record.verdicts:
            return record
        return replace(record, outcome=outcome, verdicts=verdicts)

    def _outcome(self, outcome: Outcome) -> Outcome:
        reply = outcome.reply
        if reply is not None and (clean := self(reply)) != reply:
            outcome = replace(outcome, reply=clean)
        if outcome.replies:
            outcome = replace(outcome, replies=tuple(self(text) for text in outcome.replies))
        if outcome.error is not None:
            error = outcome.error
            error = replace(error, message=self(error.message), detail=self(error.detail))
            outcome = replace(outcome, error=error)
        if outcome.wire is not None:
            outcome = replace(outcome, wire=self._wire(outcome.wire))
        return outcome

    def _wire(self, wire: Wire) -> Wire:
        exchanges = tuple(
            replace(
                exchange,
                headers=tuple((self(name), self(value)) for name, value in exchange.headers),
                body=self(exchange.body),
            )
            for exchange in wire.exchanges
        )
        return replace(wire, exchanges=exchanges)


def _blot(match: re.Match[str]) -> str:
    length = match.end() - match.start()
    return MARK.ljust(length, "•")[:length]
