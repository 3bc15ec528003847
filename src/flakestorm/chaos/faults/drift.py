"""Response drift: the same answer in another shape, as after a silent change of the model's version."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from flakestorm.chaos.config import LlmFault

WEAK = frozenset({"subtle", "low", "minor", "slight", "mild"})
STRONG = frozenset({"severe", "high", "major", "significant", "strong", "extreme"})
SHRINKING = frozenset({"contract", "shrink", "compress", "shorten", "shorter", "decrease", "terse"})
CASUAL = frozenset({"casual", "informal", "friendly"})

DEFAULT_FACTOR = 2.0

_FENCED = re.compile(r"^\s*```\w*[ \t]*\n(.*?)\n?[ \t]*```\s*$", re.DOTALL)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*\s*|\n+")
_ADDITIONS = (
    "To put this into context, it helps to look at each point in turn.",
    "It is worth noting that this depends on the details given above.",
    "In other words, the main points stay as described.",
    "There are a few further things to keep in mind here.",
    "As mentioned before, this covers the essential parts of the question.",
)
_HEDGES = (
    "I may not be the right source for this, but here is what I found: ",
    "I'm not able to give advice on this. For general information only: ",
    "I'm sorry, but I can't help with that request. Please consult a qualified professional.",
)
_CONTRACTIONS = {"I'm": "I am", "can't": "cannot", "don't": "do not", "it's": "it is", "It's": "It is"}
_CONTRACTIONS |= {"won't": "will not", "you're": "you are", "isn't": "is not", "doesn't": "does not"}


def drifted(text: str, fault: LlmFault) -> str:
    """``text`` after the drift that ``fault`` describes; the same where that kind changes nothing."""
    kind = fault.drift_type or "verbosity_shift"
    return _KINDS[kind](text, fault)


def strength(fault: LlmFault) -> int:
    """1 for a weak drift, 2 for an ordinary one, 3 for a strong one."""
    said = (fault.severity or "").strip().lower()
    return 1 if said in WEAK else 3 if said in STRONG else 2


def renamed_keys(value: Any, share: int) -> Any:
    """``value`` with the first (1), each second (2) or every (3) key of its objects in another style."""
    if isinstance(value, list):
        return [renamed_keys(item, share) for item in value]
    if not isinstance(value, dict):
        return value
    step = {1: max(1, len(value)), 2: 2, 3: 1}[share]
    return {
        other_name(key) if number % step == 0 else key: renamed_keys(item, share)
        for number, (key, item) in enumerate(value.items())
    }


def other_name(key: str) -> str:
    """The name in another style: ``order_id`` and ``orderId`` are each other's, ``id`` is ``id_value``."""
    if "_" in key.strip("_"):
        first, *rest = key.strip("_").split("_")
        return first + "".join(part[:1].upper() + part[1:] for part in rest)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
    return snake if snake != key else f"{key}_value"


def _rename(text: str, fault: LlmFault) -> str:
    inner = _json_in(text)
    if inner is None:
        return text
    source, value = inner
    changed = json.dumps(renamed_keys(value, strength(fault)), ensure_ascii=False)
    return text.replace(source, changed, 1)


def _verbosity(text: str, fault: LlmFault) -> str:
    factor = fault.factor or DEFAULT_FACTOR
    if (fault.direction or "").strip().lower() in SHRINKING or factor < 1:
        return _shorter(text, factor if factor < 1 else 1 / factor)
    wanted, made, number = len(text) * factor, text, 0
    while len(made) < wanted:
        made += ("\n\n" if number == 0 else " ") + _ADDITIONS[number % len(_ADDITIONS)]
        number += 1
    return made


def _shorter(text: str, share: float) -> str:
    kept = ""
    for sentence in _SENTENCE.findall(text):
        if kept and len(kept) + len(sentence) > len(text) * share:
            break
        kept += sentence
    return kept.rstrip() if kept.strip() else text


def _format(text: str, fault: LlmFault) -> str:
    inner = _json_in(text)
    strong = strength(fault) == 3
    if inner is None:
        if strong:
            return json.dumps({"response": text}, ensure_ascii=False)
        lines = [line.strip() for line in _SENTENCE.findall(text) if line.strip()]
        return "## Answer\n\n" + "\n".join(f"- {line}" for line in lines)
    source, value = inner
    if strong and isinstance(value, dict):
        return "\n".join(f"**{key}**: {_plain(item)}" for key, item in value.items())
    if strength(fault) == 1 and "```" not in text:
        return f"```json\n{source}\n```"
    written = json.dumps(value, indent=2, ensure_ascii=False)
    return f"Here is the result:\n\n```json\n{written}\n```\n\nAnything else?"


def _refusal(text: str, fault: LlmFault) -> str:
    level = strength(fault)
    return _HEDGES[2] if level == 3 else _HEDGES[level - 1] + text


def _tone(text: str, fault: LlmFault) -> str:
    if (fault.direction or "").strip().lower() in CASUAL:
        made = text
        for short, full in _CONTRACTIONS.items():
            made = re.sub(rf"\b{full}\b", short, made)
        end = {1: "", 2: " Hope that helps!", 3: " Hope that helps, let me know how it goes! 😊"}
        return ("Sure thing! " if strength(fault) > 1 else "Sure! ") + made + end[strength(fault)]
    made = text
    for short, full in _CONTRACTIONS.items():
        made = re.sub(rf"\b{short}\b", full, made)
    end = {1: "", 2: " Kind regards.", 3: " We remain at your disposal for any further enquiry."}
    return "Please find the requested information below. " + made + end[strength(fault)]


def _json_in(text: str) -> tuple[str, Any] | None:
    """(its text, its value) when ``text`` is a JSON object or list, with or without a fence."""
    fenced = _FENCED.match(text)
    source = fenced[1] if fenced else text.strip()
    try:
        value = json.loads(source)
    except (ValueError, RecursionError):
        return None
    return (source, value) if isinstance(value, (dict, list)) else None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_KINDS: dict[str, Callable[[str, LlmFault], str]] = {
    "json_field_rename": _rename,
    "verbosity_shift": _verbosity,
    "format_change": _format,
    "refusal_rephrase": _refusal,
    "tone_shift": _tone,
}
