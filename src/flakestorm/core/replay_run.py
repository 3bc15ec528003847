"""What replaying sessions asks of an execution: their trials, judges, recorded answers, and verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from flakestorm.chaos.recorded import Recordings
from flakestorm.core.chaos_environment import IN_PROCESS
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.engine import NO_FAULTS, Judging
from flakestorm.core.plan import Planned, Selection
from flakestorm.core.replay_plan import ReplayPlan
from flakestorm.core.replay_recordings import SessionRecordings, has_failed
from flakestorm.core.replay_rules import RuleBook, Rules
from flakestorm.core.replay_sessions import Session, load_sessions
from flakestorm.invariants.judge import Judge, no_models
from flakestorm.invariants.registry import Models
from flakestorm.model.errors import UsageError
from flakestorm.model.nearest import nearest
from flakestorm.model.outcome import Outcome
from flakestorm.model.randomness import identifier
from flakestorm.model.replay import SessionTerms, session_of
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Verdict

HOW_TO_ROUTE_HERE = (
    'Name the agent\'s tools: agent.tools: ["module:function"], agent.tool_registry: "module:registry", or '
    "@flakestorm.tool before the function"
)
HOW_TO_ROUTE_CALLS = (
    "Tools behind a URL are named in chaos.gateway.tools, each with the variable (env) from which the agent "
    "takes its address"
)


@dataclass(frozen=True)
class Replays:
    """The sessions of a run with what judges each. With ``only`` nothing else is run.

    ``in_process`` says where the agent's tools are, ``path`` where the sessions are if not in the
    configuration.
    """

    sessions: tuple[Session, ...]
    rules: Mapping[str, Rules]
    repeats: int = 1
    only: bool = True
    in_process: bool = False
    path: str = ""

    @classmethod
    def wanted(
        cls,
        config: FlakeStormConfig,
        path: Path | None = None,
        only: bool = True,
        more: tuple[Session, ...] = (),
    ) -> Replays:
        """The sessions of ``config``, or those in the session file or folder ``path``, and ``more``.

        Each is replayed ``advanced.repeats`` times. Raises ``UsageError`` where there are none, and
        ``ConfigError`` for whatever is wrong with their files.
        """
        written = path is not None or not more or (config.replays and config.replays.sessions)
        sessions = (*(load_sessions(config, path) if written else ()), *more)
        return replace(cls.of(config, sessions), only=only, path="" if path is None else str(path))

    @classmethod
    def of(cls, config: FlakeStormConfig, sessions: tuple[Session, ...]) -> Replays:
        """Just these ``sessions``. Raises as ``wanted``."""
        if not sessions:
            raise UsageError("there are no recorded sessions to replay.")
        book = RuleBook(config)
        rules = {session.id: book.rules_of(session) for session in sessions}
        in_process = config.agent.type in IN_PROCESS
        return cls(sessions, rules, config.advanced.repeats, in_process=in_process)

    def repeated(self, times: int | None) -> Replays:
        """The same with each session replayed so often; None changes nothing."""
        return self if times is None else replace(self, repeats=times)

    @property
    def secrets(self) -> frozenset[str]:
        """Values that contracts in other files took from the environment."""
        return frozenset[str]().union(*(rules.secrets for rules in self.rules.values()))

    @property
    def needs_environment(self) -> bool:
        """Whether any answer was recorded, for which the agent's calls have to be seen."""
        return any(session.tool_responses for session in self.sessions)

    def uses(self, contract: str) -> bool:
        """Whether a session is judged by the configuration's contract of this name."""
        return any(session.contract == contract for session in self.sessions)

    def plan(self, plan: Planned | None, selection: Selection | None = None) -> ReplayPlan:
        """The trials of the sessions, behind those of ``plan``."""
        return ReplayPlan(self.sessions, self.repeats, plan, selection)

    def judge(self, judge: Judging, models: Models = no_models) -> ReplayJudge:
        """The judge of all trials; ``judge`` is that of those which are no replays."""
        judges = {id_: Judge(rules.rules, models) for id_, rules in self.rules.items()}
        return ReplayJudge(judge, judges)

    def recordings(self, trial: Trial) -> Recordings | None:
        """What answers the tool calls of ``trial``; None where nothing was recorded."""
        session = self._session(trial.scenario)
        if session is None or not session.tool_responses:
            return None
        return SessionRecordings(session.tool_responses)

    def disturbed_by(self, scenario: str) -> frozenset[str]:
        """What was broken when the session was recorded: tool, if one of its tools failed."""
        session = self._session(scenario)
        failed = session is not None and any(map(has_failed, session.tool_responses))
        return frozenset({"tool"}) if failed else NO_FAULTS

    def why_idle(self, trial: Trial, outcome: Outcome) -> str:
        """Why a replay proves nothing, or an empty string: nothing that was recorded came into play."""
        session = self._session(trial.scenario)
        if session is None or not session.tool_responses or outcome.error is not None:
            return ""
        recorded = dict.fromkeys(response.tool for response in session.tool_responses)
        called = dict.fromkeys(call.name for call in outcome.calls if call.kind == "tool")
        if not recorded.keys().isdisjoint(called):
            return ""
        pairs = [(tool, nearest(tool, called)) for tool in recorded]
        meant = [f"is '{tool}' the recorded name of '{name}'?" for tool, name in pairs if name is not None]
        how = HOW_TO_ROUTE_HERE if self.in_process else HOW_TO_ROUTE_CALLS
        seen = f"it called {', '.join(called)}" if called else "no call of a tool was seen"
        told = f"none of its recorded tools ({', '.join(recorded)}) was called, {seen}"
        return f"{told}: {'; '.join(meant)}" if meant else f"{told}. {how}."

    def terms(self) -> tuple[SessionTerms, ...]:
        """What is known of the sessions, for the store and for reports."""
        return tuple(self._terms(session) for session in self.sessions)

    def _terms(self, session: Session) -> SessionTerms:
        counts: dict[str, int] = {}
        for response in session.tool_responses:
            counts[response.tool] = counts.get(response.tool, 0) + 1
        rules = self.rules[session.id]
        return SessionTerms(
            id=session.id,
            name=session.name,
            source=session.source,
            captured_at=session.captured_at,
            expected_failure=session.expected_failure,
            contract=rules.name,
            rules=tuple(rule.id or rule.type for rule in rules.rules),
            responses=tuple(counts.items()),
            digest=_digest(session, rules),
        )

    @cached_property
    def _by_id(self) -> Mapping[str, Session]:
        return {session.id: session for session in self.sessions}

    def _session(self, scenario: str) -> Session | None:
        id_ = session_of(scenario)
        return None if id_ is None else self._by_id.get(id_)


def check_sessions(replays: Replays | None, stored: tuple[SessionTerms, ...], run_id: str) -> None:
    """Raise ``UsageError`` unless the run that is to go on was begun with just these sessions."""
    if replays is None and stored:
        raise UsageError(
            f"run {run_id} replays recorded sessions. Go on with it by: flakestorm replay run --resume "
            f"{run_id}"
        )
    now = {terms.id: terms.digest for terms in replays.terms()} if replays is not None else {}
    then = {terms.id: terms.digest for terms in stored}
    changed = sorted(id_ for id_ in now.keys() | then.keys() if now.get(id_) != then.get(id_))
    if changed:
        raise UsageError(
            f"run {run_id} was begun with other sessions: {', '.join(changed[:5])} differ. Resume it with "
            "those, or start a new run."
        )


def _digest(session: Session, rules: Rules) -> str:
    responses = [response.model_dump(mode="json") for response in session.tool_responses]
    # The rules by what they say, without what was taken from the environment.
    said = [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules.rules]
    text = json.dumps([session.turns, responses, said], sort_keys=True, default=str)
    for secret in rules.secrets:
        text = text.replace(secret, "")
    return identifier(text)


class ReplayJudge:
    """Each replay by the rules of its session, every other trial by ``judge``. See ``Judge``."""

    def __init__(self, judge: Judging, judges: Mapping[str, Judge]) -> None:
        self._judge = judge
        self._judges = judges
        self.deliberates = judge.deliberates or any(one.deliberates for one in judges.values())

    def judge(
        self, trial: Trial, outcome: Outcome, baseline: str | None = None, faults: frozenset[Any] = NO_FAULTS
    ) -> tuple[Verdict, ...]:
        """The verdicts on one outcome."""
        return self._for(trial).judge(trial, outcome, baseline, faults)

    async def deliberate(
        self, trial: Trial, outcome: Outcome, baseline: str | None = None, faults: frozenset[Any] = NO_FAULTS
    ) -> tuple[Verdict, ...]:
        """The same, asking language models."""
        return await self._for(trial).deliberate(trial, outcome, baseline, faults)

    def _for(self, trial: Trial) -> Judging:
        id_ = session_of(trial.scenario)
        return self._judge if id_ is None else self._judges[id_]
