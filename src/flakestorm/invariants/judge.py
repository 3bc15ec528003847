"""Outcomes to verdicts: decides which rules speak about a trial, and asks them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import flakestorm.invariants.builtin  # noqa: F401 - signs the built-in invariants up
from flakestorm.invariants.config import CONTROL, Rule
from flakestorm.invariants.judgements import PASSED, errored
from flakestorm.invariants.model_choice import ModelChoice
from flakestorm.invariants.registry import Check, Deliberation, Models, Scope, Subject, invariant_types
from flakestorm.model.chat import ChatClient
from flakestorm.model.composition import types_in
from flakestorm.model.errors import ConfigError, FlakestormError
from flakestorm.model.mutation import Kind
from flakestorm.model.outcome import Outcome
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Judgement, Severity, Verdict, VerdictStatus

Fault = Literal["tool", "llm", "context"]
"""What a scenario can disturb."""

NO_FAULTS: frozenset[Fault] = frozenset()

SAME_ANSWER = (Kind.PRESERVES_MEANING, Kind.USER)
"""The kinds of mutation after which the golden prompt's answer is still the right one."""


def no_models(_: ModelChoice) -> ChatClient:
    """The ``Models`` of a judge that was given none."""
    raise ConfigError("an invariant needs a language model, and this judge was given none")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A compiled rule. ``passed`` is its verdict for the usual case: made once, the mould of the others.

    A rule that waits for a language model has a ``deliberation``, and a check that only says so.
    """

    passed: Verdict
    check: Check
    judges_errors: bool = True
    negate: bool = False
    deliberation: Deliberation | None = None

    def verdict(self, subject: Subject) -> Verdict:
        error = subject.outcome.error
        if error is not None and not self.judges_errors:
            judgement = errored(f"no reply: {error.kind} ({error.message})")
        else:
            try:
                judgement = self.check(subject)
            except Exception as problem:  # noqa: BLE001 - a rule may be anybody's code; the run goes on
                judgement = _broke(problem)
        return self._worded(judgement)

    async def deliberated(self, subject: Subject) -> Verdict:
        if self.deliberation is None or (subject.outcome.error is not None and not self.judges_errors):
            return self.verdict(subject)
        try:
            judgement = await self.deliberation(subject)
        except Exception as problem:  # noqa: BLE001 - the same
            judgement = _broke(problem)
        return self._worded(judgement)

    def _worded(self, judgement: Judgement) -> Verdict:
        if self.negate:
            judgement = _negated(judgement)
        elif judgement is PASSED:
            return self.passed
        return replace(
            self.passed, status=judgement.status, detail=judgement.detail, evidence=judgement.evidence
        )


def _broke(problem: Exception) -> Judgement:
    return errored(f"the rule itself failed: {type(problem).__name__}: {problem}")


def _negated(judgement: Judgement) -> Judgement:
    if judgement.status is VerdictStatus.FAILED:
        return Judgement(VerdictStatus.PASSED, f"negated: {judgement.detail}")
    if judgement.status is VerdictStatus.PASSED:
        detail = judgement.detail or "what the rule describes is the case"
        return Judgement(VerdictStatus.FAILED, f"negated: {detail}", judgement.evidence)
    return judgement


class Judge:
    """All rules of a run, compiled once; ``judge`` may be called from several threads.

    A rule's id in verdicts is its ``id`` or its type; the second rule of a type without an id is ``type#2``.
    ``models`` is asked for the language models that rules need. Raises ``ConfigError`` when two rules have
    the same id, and what compiling a rule raises.
    """

    def __init__(self, rules: Sequence[Rule], models: Models = no_models) -> None:
        self._rules = tuple(
            (rule, _compiled(rule, name, models=models))
            for rule, name in zip(rules, _names(rules), strict=True)
        )
        self.deliberates = any(asked.deliberation is not None for _, asked in self._rules)
        self._implied: dict[str, _Asked] = {}
        self._plans: dict[object, tuple[tuple[_Asked, ...], tuple[Verdict, ...]]] = {}

    def judge(
        self,
        trial: Trial,
        outcome: Outcome,
        baseline: str | None = None,
        faults: frozenset[Fault] = NO_FAULTS,
    ) -> tuple[Verdict, ...]:
        """The verdicts on one outcome, in the order of the rules, implied ones last.

        ``faults`` says what the trial's scenario disturbs. A rule that does not apply to the trial has no
        verdict, which keeps records small, unless none applies: then each has a ``skipped`` one that says
        why. Without a reply, rules that do not judge errors are ``errored``; so is a rule that raises, and
        one that needs a language model: those are for ``deliberate``.
        """
        asked, skipped = self._planned(trial, faults)
        if not asked:
            return skipped
        subject = Subject(trial, outcome, baseline)
        return tuple([rule.verdict(subject) for rule in asked])

    async def deliberate(
        self,
        trial: Trial,
        outcome: Outcome,
        baseline: str | None = None,
        faults: frozenset[Fault] = NO_FAULTS,
    ) -> tuple[Verdict, ...]:
        """What ``judge`` gives, with the verdicts of rules that wait for a language model.

        Only worth it where ``deliberates`` is true; the models are asked at once, not one after the other.
        """
        asked, skipped = self._planned(trial, faults)
        if not asked:
            return skipped
        subject = Subject(trial, outcome, baseline)
        return tuple(await asyncio.gather(*(rule.deliberated(subject) for rule in asked)))

    def _planned(
        self, trial: Trial, faults: frozenset[Fault]
    ) -> tuple[tuple[_Asked, ...], tuple[Verdict, ...]]:
        mutation = trial.mutation
        # Everything that decides which rules apply; there are a few dozen combinations in a run.
        key = (
            (mutation.type, mutation.kind, mutation.implied, faults)
            if mutation is not None
            else (trial.is_control, faults)
        )
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(trial, faults)
        return plan

    def _plan(self, trial: Trial, faults: frozenset[Fault]) -> tuple[tuple[_Asked, ...], tuple[Verdict, ...]]:
        """The rules that apply to trials like this one, and the skipped verdicts if there are none."""
        own: list[_Asked] = []
        taken: set[str] = set()
        skipped: list[Verdict] = []
        for rule, asked in self._rules:
            reason = _why_not(rule, trial, faults)
            skipped.append(replace(asked.passed, status=VerdictStatus.SKIPPED, detail=reason))
            if not reason:
                own.append(asked)
                if not rule.negate:
                    taken.add(rule.type)
        # The user's own rule of that type, with the severity that he chose, replaces the implied one.
        names = trial.mutation.implied if trial.mutation is not None else ()
        implied = [self._implied_rule(name) for name in names if name not in taken]
        return (*own, *implied), tuple(skipped)

    def _implied_rule(self, name: str) -> _Asked:
        asked = self._implied.get(name)
        if asked is None:
            asked = self._implied[name] = _implied(name)
        return asked


def named_rules(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """``rules``, each with the id that it has in a ``Judge`` of them all. Raises ``ConfigError`` as that."""
    names = _names(rules)
    return tuple(rule.model_copy(update={"id": name}) for rule, name in zip(rules, names, strict=True))


def speaks_about(rule: Rule, trial: Trial, faults: frozenset[Fault]) -> bool:
    """Whether ``rule`` judges trials like this one, in whose scenario ``faults`` are disturbed."""
    return not _why_not(rule, trial, faults)


def _names(rules: Sequence[Rule]) -> list[str]:
    taken: set[str] = set()
    for rule in rules:
        if rule.id is not None:
            if rule.id in taken:
                raise ConfigError(f"two invariants have the id '{rule.id}'; ids must differ, or be left out")
            taken.add(rule.id)
    names = []
    for rule in rules:
        name, number = rule.id or rule.type, 1
        while rule.id is None and name in taken:
            number += 1
            name = f"{rule.type}#{number}"
        taken.add(name)
        names.append(name)
    return names


def _compiled(rule: Rule, name: str, implied: bool = False, models: Models = no_models) -> _Asked:
    info = invariant_types.get(rule.type)
    passed = Verdict(name, rule.type, rule.severity, VerdictStatus.PASSED, implied=implied)
    if info.needs_model:
        deliberation: Deliberation = info.build(rule, models)
        return _Asked(passed, _undeliberated, info.judges_errors, rule.negate, deliberation)
    return _Asked(passed, info.build(rule), info.judges_errors, rule.negate)


def _undeliberated(_: Subject) -> Judgement:
    return errored("this rule asks a language model, and none was waited for")


def _implied(name: str) -> _Asked:
    try:
        rule = invariant_types.get(name).options.model_validate({"type": name})
        return _compiled(rule, name, implied=True)
    except (FlakestormError, ValueError) as error:
        # The mutation comes from a plugin that brings a wrong name: its trials cannot be judged by it.
        judgement = errored(f"the mutation implies '{name}', which cannot be used: {error}")
        passed = Verdict(name, name, Severity.MEDIUM, VerdictStatus.PASSED, implied=True)
        return _Asked(passed, lambda _: judgement)


def _out_of_scope(scope: Scope, kind: Kind) -> str:
    if scope is Scope.ANSWER and kind not in SAME_ANSWER:
        return f"speaks about the answer to the golden prompt; this mutation is {kind}"
    if scope is Scope.CONDUCT and kind is Kind.PROTOCOL:
        return "speaks about replies to prompts; this mutation is a malformed request"
    if scope is Scope.PROTOCOL and kind is not Kind.PROTOCOL:
        return f"speaks about malformed requests; this mutation is {kind}"
    return ""


def _why_not(rule: Rule, trial: Trial, faults: frozenset[Fault]) -> str:
    """Why a rule does not apply to a trial, or an empty string when it does."""
    if rule.on is not None:
        names = {str(trial.kind)}
        if trial.mutation is not None:
            names.update(types_in(trial.mutation.type))
        if trial.is_control:
            names.add(CONTROL)
        if names.isdisjoint(rule.on):
            return f"only on {', '.join(rule.on)}"
    elif reason := _out_of_scope(invariant_types.get(rule.type).scope, trial.kind):
        return reason
    active = {
        "always": True,
        "tool_faults_active": "tool" in faults,
        "llm_faults_active": "llm" in faults,
        "any_chaos_active": bool(faults),
        "no_chaos": not faults,
    }
    return "" if active[rule.when] else f"only when {rule.when}"
