"""What a person sees while a run goes on: one live block in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import Counter
from time import monotonic

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from flakestorm.model.events import (
    ControlFinished,
    Event,
    FindingMade,
    Reducing,
    RunFinished,
    RunStarted,
    Throttled,
)
from flakestorm.model.events import TrialFinished as Finished
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.verdict import VerdictStatus
from flakestorm.reports.visible import visible

PLAIN_EVERY_S = 5.0
SHOWN_FAILURES = 5
STATUS_STYLE = {
    TrialStatus.PASSED: "green",
    TrialStatus.FAILED: "red",
    TrialStatus.ERRORED: "yellow",
    TrialStatus.INCONCLUSIVE: "blue",
    TrialStatus.SKIPPED: "dim",
}


class LiveProgress:
    """A listener. It counts as trials finish and draws eight times a second, however many there are."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counts: Counter[TrialStatus] = Counter()
        self._failures: Counter[str] = Counter()
        self._planned = self._done = self._before = 0
        self._notice = ""
        self._mute = False
        self._begin = self._last_plain = monotonic()
        self._live: Live | None = None

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        if isinstance(event, Finished):
            self._finished(event.record)
        elif isinstance(event, RunStarted):
            self._started(event)
        elif isinstance(event, ControlFinished):
            if event.trials:  # recorded sessions have no control arm
                self._say(f"Undisturbed: {event.passed} of {event.trials} trials passed.")
        elif isinstance(event, Throttled):
            self._say(
                f"Slower: {event.reason}; waiting {event.wait_s:g} s, then {event.concurrency} at once."
            )
        elif isinstance(event, FindingMade):
            self._say(f"Finding: {visible(event.finding.title)}")
        elif isinstance(event, Reducing):
            self._say(
                f"Reducing {event.failures} kinds of failures to minimal inputs: {event.budget} calls at most"
            )
        elif isinstance(event, RunFinished):
            self.stop()

    def stop(self) -> None:
        """Take the live block away; safe to call twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _started(self, event: RunStarted) -> None:
        info = event.info
        self._planned, self._before = info.planned, event.done
        self._begin = self._last_plain = monotonic()
        resumed = f", {event.done} of them done before" if event.done else ""
        self._print(Text(f"Run {info.id}: {info.planned} trials{resumed} against {visible(info.target)}"))
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(
                get_renderable=self._block, console=self._console, refresh_per_second=8, transient=True
            )
            self._live.start()

    def _finished(self, record: TrialRecord) -> None:
        self._done += 1
        self._counts[record.status] += 1
        if record.status is TrialStatus.FAILED:
            by = record.trial.mutation.type if record.trial.mutation else record.trial.scenario
            by = "undisturbed" if record.trial.is_control else by
            for verdict in record.verdicts:
                if verdict.status is VerdictStatus.FAILED:
                    self._failures[f"{verdict.invariant} under {by}"] += 1
        elif record.status is TrialStatus.ERRORED and record.outcome.error is not None:
            self._failures[f"error: {record.outcome.error.message}"] += 1
        if self._live is None and monotonic() - self._last_plain >= PLAIN_EVERY_S:
            self._last_plain = monotonic()
            self._print(Text(self._line()))

    def _say(self, notice: str) -> None:
        self._notice = notice
        if self._live is None:
            self._print(Text(notice))

    def _print(self, text: Text) -> None:
        if self._mute:
            return
        try:
            self._console.print(text)
        except BrokenPipeError:
            raise
        except OSError:
            # A disk that is full of logs is no reason to end the run; its story will be told, or fail, later.
            self._mute = True

    def _line(self) -> str:
        done = self._before + self._done
        counts = ", ".join(
            f"{self._counts[status]} {status}" for status in TrialStatus if self._counts[status]
        )
        return f"{done}/{self._planned} · {self._rate():,.0f}/s · {self._eta()} left · {counts or 'none yet'}"

    def _rate(self) -> float:
        return self._done / max(monotonic() - self._begin, 0.001)

    def _eta(self) -> str:
        if not self._done:
            return "?"
        seconds = max(0, self._planned - self._before - self._done) / self._rate()
        return f"{int(seconds // 60)}:{int(seconds % 60):02}"

    def _block(self) -> Group:
        bar = Table.grid(padding=(0, 1))
        done = self._before + self._done
        bar.add_row(
            ProgressBar(total=max(self._planned, 1), completed=done, width=32),
            Text(f"{done:,} of {self._planned:,}"),
            Text(f"{self._rate():,.0f}/s", style="dim"),
            Text(f"{self._eta()} left", style="dim"),
        )
        counts = Text("  ").join(
            Text(f"{self._counts[status]:,} {status}", style=STATUS_STYLE[status])
            for status in TrialStatus
            if self._counts[status]
        )
        failures = [
            Text(f"  {count:>5,} × {visible(what, 200)}", no_wrap=True, overflow="ellipsis")
            for what, count in self._failures.most_common(SHOWN_FAILURES)
        ]
        line = Text(self._notice, style="dim", no_wrap=True, overflow="ellipsis")
        notice = [line] if self._notice else []
        return Group(bar, counts, *failures, *notice)
