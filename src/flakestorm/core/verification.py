"""Is the setup right? The configuration, the agent, and one undisturbed golden prompt."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from flakestorm.agents.open import open_agent
from flakestorm.chaos.traffic import Traffic
from flakestorm.core.chaos_environment import led_through
from flakestorm.core.chaos_verification import chaos_facts, watched_environment
from flakestorm.core.config import FlakeStormConfig, load_config
from flakestorm.core.language_models import keys_of, language_models
from flakestorm.core.redacted_errors import redacted_errors
from flakestorm.core.sending import sender
from flakestorm.core.target import describe_target
from flakestorm.invariants.judge import Judge
from flakestorm.model.finding import Finding
from flakestorm.model.outcome import Outcome
from flakestorm.model.redaction import Redactor
from flakestorm.model.trial import Trial
from flakestorm.mutations.engine import Mutator
from flakestorm.store.runs import default_folder


@dataclass(frozen=True, slots=True)
class Verification:
    """What was seen, as (subject, sentence) pairs, and 0 or the exit code. The text is hostile."""

    facts: tuple[tuple[str, str], ...]
    exit_code: int


async def verify_setup(source: Path | FlakeStormConfig, target: object | None = None) -> Verification:
    """Load, compile, reach and ask once, in the environment that ``run --chaos`` would have.

    Raises ``ConfigError``, ``UsageError``, ``AgentUnreachable`` or ``WorkError`` when it cannot.
    """
    config = load_config(source) if isinstance(source, Path) else source
    redact = Redactor(config.secrets | keys_of(config))
    Mutator(config.mutations, config.advanced.seed)
    size = (
        f"{config.source_path or 'given in Python'}: {len(config.golden)} golden prompts, "
        f"{len(config.invariants)} invariants, {config.mutations.count} mutations of each prompt"
    )
    facts = [("configuration", size), *(("note", note) for note in config.unused_parts(("chaos",)))]
    findings: list[Finding] = []
    with redacted_errors(redact):
        async with language_models(config, default_folder(), redact) as models:
            judge = Judge(config.invariants, models.for_rule)
            async with AsyncExitStack() as stack:
                environment = await stack.enter_async_context(watched_environment(config, target))
                around = () if environment is None else environment.surroundings
                agent = await stack.enter_async_context(
                    open_agent(led_through(environment, config.agent), findings.append, target, around)
                )
                await agent.preflight()
                trial = Trial.of(config.golden[0])
                outcome = await sender(agent, environment, lambda asked: Traffic(asked.id))(trial)
            facts.append(("agent", describe_target(config)))
            facts += await _answer(trial, judge, outcome)
            facts += chaos_facts(config, environment, outcome.calls) if environment is not None else ()
            greeting = await models.greeting()
    facts += [("model", greeting)] if greeting else []
    facts.extend(("finding", finding.title) for finding in findings)
    return Verification(tuple((subject, redact(text)) for subject, text in facts), 3 if outcome.error else 0)


async def _answer(trial: Trial, judge: Judge, outcome: Outcome) -> list[tuple[str, str]]:
    if outcome.error is not None:
        return [("reply", f"none: {outcome.error.message}"), ("detail", outcome.error.detail)]
    verdicts = await judge.deliberate(trial, outcome)
    return [
        ("reply", f"{outcome.reply} ({outcome.latency_ms:.0f} ms)"),
        *(("invariant", f"{v.invariant} {v.status}{v.detail and ': '}{v.detail}") for v in verdicts),
    ]
