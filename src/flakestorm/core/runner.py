"""The Python interface: run flakestorm from code or a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flakestorm.core.config import FlakeStormConfig, load_config
from flakestorm.core.result import RunResult
from flakestorm.core.target import describe_target

if TYPE_CHECKING:
    from rich.console import Console


class FlakeStormRunner:
    """Runs a configuration against its agent, or against ``agent``.

    ``config`` is a configuration or the path of one. ``agent`` is any object with
    ``async def invoke(self, input: str) -> str``, or anything else that ``agent.type: python`` takes.
    ``console`` is where progress is shown; ``show_progress=False`` shows none.
    """

    def __init__(
        self,
        config: FlakeStormConfig | str | Path,
        agent: Any = None,
        console: Console | None = None,
        show_progress: bool = True,
    ) -> None:
        self.config = config if isinstance(config, FlakeStormConfig) else load_config(Path(config))
        self.agent = agent
        self.console = console
        self.show_progress = show_progress

    async def run(self) -> RunResult:
        """Run everything. Raises ``FlakestormError`` when flakestorm cannot do its work."""
        from flakestorm.core.execution import Execution
        from flakestorm.core.wishes import Wishes

        progress = self._progress()
        try:
            run = await Execution(self.config, Wishes(target=self.agent), progress).run()
        finally:
            for listener in progress:
                listener.stop()
        return RunResult(run)

    async def verify_setup(self) -> bool:
        """True when the agent can be reached and answers the first golden prompt."""
        from flakestorm.core.verification import verify_setup
        from flakestorm.model.errors import AgentUnreachable

        try:
            return (await verify_setup(self.config, self.agent)).exit_code == 0
        except AgentUnreachable:
            return False

    def get_config_summary(self) -> str:
        """The configuration in a few lines for people."""
        config = self.config
        types = ", ".join(str(type_) for type_ in config.mutations.types)
        rules = ", ".join(rule.id or rule.type for rule in config.invariants)
        return (
            f"Agent: {describe_target(config)} ({config.agent.type})\n"
            f"Golden prompts: {len(config.golden)}\n"
            f"Mutations: {config.mutations.count} of each prompt ({types})\n"
            f"Invariants: {rules}\n"
            f"Concurrency: {config.advanced.concurrency}, seed: {config.advanced.seed}"
        )

    def _progress(self) -> list[Any]:
        if not self.show_progress:
            return []
        from rich.console import Console

        from flakestorm.reports.live import LiveProgress

        return [LiveProgress(self.console or Console())]
