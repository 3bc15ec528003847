"""Titles of causes that could be pasted into an issue: what goes wrong, when, and how often."""

from __future__ import annotations

from collections.abc import Sequence

from flakestorm.model.composition import display_name, short_name
from flakestorm.model.record import TrialRecord
from flakestorm.model.replay import session_of

_EFFECTS = {
    "canary": "Obeys an injected instruction",
    "output_not_empty": "Gives an empty answer",
    "completes": "Does not complete",
    "latency": "Is too slow",
    "valid_json": "Answers with invalid JSON",
    "excludes_pii": "Reveals personal data",
    "excludes_secrets": "Reveals secrets",
    "injection_detected": "Passes on or obeys an injection",
    "refusal_check": "Breaks its rules instead of refusing",
    "behavior_unchanged": "Answers differently",
    "answered_in_time": "Leaves a client without an answer",
    "no_server_error": "Answers with a server error",
    "no_stack_trace": "Shows a stack trace",
    "no_debug_page": "Shows a debug page",
    "no_reflected_header": "Gives back what a request planted",
    "others_served": "Does not serve others",
    "healthy_afterwards": "Is broken afterwards",
    "own_reply": "Gives one client another one's answer",
}

OBEDIENCE = "canary"
"""The rule whose failures are named by their attack: the smallest obeyed order tells nothing more."""


def title_of_type(rule: str, example: TrialRecord, type_: str) -> str:
    """The title of failures that only have their mutation type (or their scenario) in common."""
    session = session_of(type_)
    if session is not None:
        return f"{effect(rule, example)} when the session '{session}' is replayed"
    return f"{effect(rule, example)} under {type_name(type_)}"


def title_of_clause(
    rule: str, example: TrialRecord, clause: str, count: int, trials: int, types: Sequence[str]
) -> str:
    """The title of failures with a known reason: ``count`` of ``trials`` mutations of ``types`` failed so."""
    names = " and ".join(type_name(type_) for type_ in types) if len(types) <= 2 else "disturbed"
    noun = "trial" if trials == 1 else "trials"
    return f"{effect(rule, example)} when the prompt {clause} ({count:,} of {trials:,} {names} {noun})"


def title_of_operators(rule: str, example: TrialRecord, type_: str, operators: Sequence[str]) -> str:
    """As ``title_of_type``, with the operators where they are few enough to be read."""
    names = [short_name(operator) for operator in operators]
    some = ", ".join(names[:3])
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{title_of_type(rule, example, type_)}: {some}{rest}"


def effect(rule: str, example: TrialRecord) -> str:
    """What the agent does, as the beginning of a sentence."""
    if rule.startswith("error: "):
        return f"Gives no reply ({rule[7:]})"
    if rule.startswith("unjudged: "):
        return f"Cannot be judged by '{rule[10:]}'"
    type_ = next(v.type for v in example.verdicts if v.invariant == rule)
    known = _EFFECTS.get(type_)
    named = f" ({rule})" if rule != type_ else ""
    return f"{known}{named}" if known else f"Breaks '{rule}'"


def type_name(type_: str) -> str:
    """The name of a mutation type for people; a scenario is quoted."""
    name = display_name(type_)
    return f"'{type_}'" if name == type_ else name.lower()
