"""Commands as questions and questions as commands, with and without courtesy, lead-ins and fillers."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import Options, choose, drafted
from flakestorm.mutations.openings import closed_by, commands, led_by, opened_by
from flakestorm.mutations.protected import Span
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import NEAR, Wording

# How a direct question begins → how the same question begins inside another sentence.
EMBEDDED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), inside)
    for pattern, inside in (
        (r"how (?:do|can|could|should) (?:i|we|you|one) ", "how to "),
        (r"what(?:'s| is| are) (?=the |my |your |our )", ""),
        (r"where (?:do|can|could|should) (?:i|we) ", "where to "),
        (r"where(?:'s| is| are) (?=the |my |your |our )(?=[^,]*\?$)", "where to find "),
        (r"when (?:can|should|could) (?:i|we) ", "when to "),
        (r"(?:can|could|may) i ", "whether I can "),
        (r"can we ", "whether we can "),
        (r"should i ", "whether I should "),
        (r"should we ", "whether we should "),
        (r"do i ", "whether I "),
        (r"do we ", "whether we "),
        (r"do you ", "whether you "),
        (r"will you ", "whether you will "),
        (r"am i ", "whether I am "),
        (r"are you ", "whether you are "),
        (r"is it ", "whether it is "),
        (r"is there ", "whether there is "),
        (r"are there ", "whether there are "),
        (r"which (?=\w+ (?:is|are|has|have|can|will|would)\b)", "which "),
        (r"who (?=can|will|could|should|would|made|wrote|won|invented|discovered)", "who "),
    )
)
ASKED = re.compile(r"(?:can|could|would|will) you (?:please |kindly |possibly )?(?=[a-z])", re.IGNORECASE)
ENOUGH = 50
"""Rewordings are looked for in this many sentences; a longer text has enough of them there."""
NOT_ASKED = tables.words("be have do know tell speak")
COURTESY = re.compile(
    r",?\s*\b(?:please|kindly|if possible|if you (?:don['’]t|do not) mind|if it['’]s not too much trouble)"
    r"\b,?"
    r"|,?\s*\b(?:thank you(?: very much| so much)?|thanks(?: a lot)?|many thanks)(?: in advance)?[.!]?"
    r"(?=\s*$)"
    r"|\b(?:sorry to bother you|excuse me|pardon me)[,.!]?(?: but)?",
    re.IGNORECASE,
)


def _lead(template: str) -> tuple[str, str]:
    before, _, after = template.partition("{}")
    return before, after


def _question_edits(wording: Wording, sentence: Span, heading: str) -> list[tuple[Edit, ...]]:
    start, end = sentence
    text = wording.text[start:end]
    if not text.endswith("?"):
        return []
    for pattern, inside in EMBEDDED:
        match = pattern.match(text)
        if match and wording.is_free(start, start + match.end()):
            found = []
            for template in tables.sections("requests")[heading]:
                before, mark = _lead(template)
                front = Edit(start, start + match.end(), before + inside)
                found.append((front, *closed_by(wording, sentence, mark)))
            return found
    return []


def _asked_edits(wording: Wording, sentence: Span) -> list[tuple[Edit, ...]]:
    start, end = sentence
    match = ASKED.match(wording.text, start, end)
    if not match or wording.text[end - 1] != "?" or not wording.is_free(start, match.end() + 1):
        return []
    verb = wording.text[match.end() : end].split(maxsplit=1)[0].strip("?").lower()
    if verb in NOT_ASKED:
        return []
    capital = wording.text[match.end()].upper()
    return [(Edit(start, match.end() + 1, capital), *closed_by(wording, sentence, "."))]


def _command_edits(wording: Wording, sentence: Span, heading: str) -> list[tuple[Edit, ...]]:
    found = []
    polite = wording.text[sentence[0] : sentence[0] + 6].lower() == "please"
    for template in tables.sections("requests")[heading]:
        if polite and ("please" in template or "possibly" in template):
            continue
        before, mark = _lead(template)
        found.append((led_by(wording, sentence, before), *closed_by(wording, sentence, mark)))
    return found


@lru_cache(maxsize=64)
def _rephrasings(wording: Wording, operation: str) -> tuple[tuple[Edit, ...], ...]:
    """All rewordings of one sentence that ``operation`` allows."""
    found: list[tuple[Edit, ...]] = []
    for sentence in commands(wording)[:ENOUGH]:
        if operation == "question":
            found.extend(_command_edits(wording, sentence, "ask_command"))
        elif operation == "opener":
            found.extend(_command_edits(wording, sentence, "wish_command"))
    for sentence in wording.sentences[:ENOUGH]:
        if operation == "command":
            found.extend(_question_edits(wording, sentence, "tell_question"))
            found.extend(_asked_edits(wording, sentence))
        elif operation == "opener":
            found.extend(_question_edits(wording, sentence, "ask_question"))
    if operation == "opener" and wording.sentences:
        asks = wording.text[slice(*wording.sentences[0])].endswith("?")
        kind = "question" if asks else "statement"
        leads = tables.sections("requests")[f"lead_{kind}"]
        found.extend((opened_by(wording, lead),) for lead in leads)
    return tuple(found)


def _rephrase(source: Source, rng: Random, operation: str) -> Draft | None:
    found = _rephrasings(source.wording, operation)
    return Draft(rng.choice(found)) if found else None


@operator("paraphrase", "command_to_question", Kind.PRESERVES_MEANING)
def command_to_question(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Asks instead of telling: "Cancel it." becomes "Could you cancel it?"."""
    return _rephrase(source, rng, "question")


@operator("paraphrase", "question_to_command", Kind.PRESERVES_MEANING)
def question_to_command(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Tells instead of asking: "How do I …?" becomes "Tell me how to …."."""
    return _rephrase(source, rng, "command")


@operator("paraphrase", "opener", Kind.PRESERVES_MEANING)
def opener(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Leads in: "I'd like to know", "Could you tell me", "I need you to"."""
    return _rephrase(source, rng, "opener")


@operator("paraphrase", "politeness_added", Kind.PRESERVES_MEANING)
def politeness_added(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds courtesy in front, behind, or both."""
    wording = source.wording
    if not wording.sentences:
        return None
    phrases = tables.sections("requests")
    where = rng.random()
    edits = []
    if where < 0.5 + intensity / 2:
        edits.append(opened_by(wording, rng.choice(phrases["polite_before"])))
    if where >= 0.5 - intensity / 2:
        end = wording.body[1]
        edits.append(Edit(end, end, f"{wording.joint}{rng.choice(phrases['polite_after'])}"))
    return drafted(edits)


@lru_cache(maxsize=64)
def _courtesies(wording: Wording) -> Options:
    starts = {start for start, _ in wording.sentences}
    text = wording.text
    sites: list[tuple[Edit, ...]] = []
    for match in COURTESY.finditer(text):
        start, end = match.span()
        # Two in a row would want the same letter: the first one has it.
        taken = bool(sites) and sites[-1][0].end > start
        if taken or not wording.is_free(start, end) or wording.is_all(start, end):
            continue
        if start in starts or start <= wording.body[0]:
            # The next word moves to the front of the sentence and takes over the capital.
            near = text[end : end + NEAR]
            after = end + len(near) - len(near.lstrip())
            capital = text[after : after + 1].upper() if wording.is_free(after, after + 1) else ""
            sites.append((Edit(start, after + len(capital), capital),))
        else:
            sites.append((Edit(start, end, ""),))
    return tuple(sites)


@operator("paraphrase", "politeness_removed", Kind.PRESERVES_MEANING)
def politeness_removed(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Takes out "please", "thank you" and the like."""
    return choose(rng, _courtesies(source.wording), intensity)


@lru_cache(maxsize=64)
def _filler_places(wording: Wording) -> Options:
    phrases = tables.sections("requests")
    sites = [
        tuple(led_by(wording, sentence, f"{filler} ") for filler in phrases["filler_front"])
        for sentence in wording.sentences[:ENOUGH]
    ]
    for word, following in pairwise(wording.words):
        if word.lower in ("i", "we", "i'm", "we're") and following.start == word.end + 1:
            fillers = (f if f.startswith(",") else f" {f}" for f in phrases["filler_middle"])
            sites.append(tuple(Edit(word.end, word.end, filler) for filler in fillers))
    return tuple(sorted(sites, key=lambda edits: edits[0].start))


@operator("paraphrase", "filler", Kind.PRESERVES_MEANING)
def filler(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds filler words: "well", "actually", "you know"."""
    return choose(rng, _filler_places(source.wording), intensity)
