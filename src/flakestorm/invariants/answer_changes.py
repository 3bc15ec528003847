"""The invariant ``answer_changes``: a request that only looks like the golden one gets an answer of its own.

It fails on evidence alone. The same reply to two requests may well be right ("I can help with orders", one
help page for several questions), so besides being the same it must say something that belongs to the golden
prompt and not to what was sent: a value that was taken out, or that it did what it was told not to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from flakestorm.invariants.config import Rule
from flakestorm.invariants.embedding import EMBEDDED
from flakestorm.invariants.judgements import PASSED, failed, quote, skipped
from flakestorm.invariants.quantities import missing_numbers
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.invariants.resemblance import Resemblance
from flakestorm.invariants.similarity import MODEL_HELP
from flakestorm.model.mutation import Kind
from flakestorm.model.verdict import Judgement, Severity

WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
FORBIDDEN = re.compile(r"\b(?:do not|don['’]t|never)\s+([a-z]{3,})", re.IGNORECASE)
NEGATED = re.compile(r"\b(?:not|never|no|cannot|without|unable)\b|n['’]t\b", re.IGNORECASE)
NEAR = 10
"""So many characters before a word show whether a sentence begins with it."""
# fmt: off
PAST = {
    "buy": "bought", "find": "found", "get": "got", "give": "given", "keep": "kept", "make": "made",
    "pay": "paid", "put": "put", "send": "sent", "set": "set", "take": "taken", "tell": "told",
    "withdraw": "withdrawn", "write": "written",
}
# fmt: on
"""What agents say they have done with verbs that do not end in -ed."""


class AnswerChangesRule(Rule):
    """Options of ``answer_changes``; ``same_from`` is on the scale of all-MiniLM-L6-v2."""

    type: Literal["answer_changes"] = "answer_changes"
    severity: Severity = Severity.LOW
    same_from: float = Field(0.95, ge=0, le=1, description="From this similarity on two replies are the same")
    model: str = Field(EMBEDDED, min_length=1, description=MODEL_HELP)


@invariant("answer_changes", AnswerChangesRule, Scope.CONDUCT)
def build_answer_changes(options: AnswerChangesRule) -> Check:
    """A request that was changed in meaning does not get the golden prompt's answer."""
    resemblance = Resemblance(options.model, options.same_from, check_numbers=False)

    def check(subject: Subject) -> Judgement:
        trial = subject.trial
        if trial.kind is not Kind.CHANGES_MEANING:
            return skipped("this trial does not change the meaning")
        if subject.baseline is None:
            return skipped("no baseline: the undisturbed prompt got no reply to compare with")
        reply = subject.outcome.reply or ""
        if not _is_same(resemblance, subject.baseline, reply, options.same_from):
            return PASSED
        golden, sent = trial.prompt.text, trial.turns[-1]
        for word, why in (*_stale_values(golden, sent, reply), *_forbidden_deeds(golden, sent, reply)):
            return failed(f"the same answer as to the golden prompt: {quote(word[0])} {why}", [word.span()])
        return skipped("the same reply, but nothing in it tells which of the two requests it answers")

    return check


def _is_same(resemblance: Resemblance, baseline: str, reply: str, same_from: float) -> bool:
    """Whether nothing of substance differs: not the words, or neither their meaning nor a number."""
    if baseline.casefold().split() == reply.casefold().split():
        return True
    if missing_numbers(baseline, reply) or missing_numbers(reply, baseline):
        return False
    score = resemblance.score(baseline, reply)
    return score is not None and score >= same_from


def _stale_values(golden: str, sent: str, reply: str) -> Iterator[tuple[re.Match[str], str]]:
    """Numbers and names in ``reply`` that the golden prompt has and the sent one has not.

    None of them counts when the reply also has a value that only the sent one has: then it speaks of both.
    """
    before, after = _words(golden), _words(sent)
    gone = {word for word in _values(golden) if word not in after}
    came = {word for word in _values(sent) if word not in before}
    if came.isdisjoint(_words(reply)):
        for word in WORD.finditer(reply):
            if word[0].casefold() in gone:
                yield word, "was asked for there, and not here"


def _forbidden_deeds(golden: str, sent: str, reply: str) -> Iterator[tuple[re.Match[str], str]]:
    """Verbs in ``reply`` that say that something was done which only the sent prompt forbids."""
    if NEGATED.search(reply):
        return
    allowed = {match[1].lower() for match in FORBIDDEN.finditer(golden)}
    for match in FORBIDDEN.finditer(sent):
        verb = match[1].lower()
        if verb not in allowed:
            done = re.search(_past(verb), reply, re.IGNORECASE)
            if done:
                yield done, f"says that it was done, and the request was: do not {verb}"


def _past(verb: str) -> str:
    """A pattern for the past participle: cancelled and canceled, stopped, tried, sent."""
    if verb in PAST:
        return rf"\b{PAST[verb]}\b"
    if verb.endswith("e"):
        return rf"\b{verb}d\b"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return rf"\b{verb[:-1]}ied\b"
    return rf"\b{verb}{verb[-1]}?ed\b"


def _values(text: str) -> set[str]:
    """Words that name one certain thing: with a digit, or with a capital inside a sentence; casefolded."""
    return {
        word[0].casefold()
        for word in WORD.finditer(text)
        if any(char.isdigit() for char in word[0])
        or (len(word[0]) > 1 and word[0][0].isupper() and not _begins_sentence(text, word.start()))
    }


def _begins_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - NEAR) : start].rstrip(" \t\"'“‘«(*-")
    return not before or before[-1] in ".!?:…\n"


def _words(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text)}
