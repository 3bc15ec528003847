"""A finished (or interrupted) run as reports see it: facts, numbers, and its records as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from flakestorm.model.ci import CiResult
from flakestorm.model.contract import ContractResult
from flakestorm.model.fault_map import FaultMap
from flakestorm.model.finding import Finding
from flakestorm.model.measures import Measures
from flakestorm.model.minimal import Minimal
from flakestorm.model.record import TrialRecord
from flakestorm.model.reliability import Surface
from flakestorm.model.replay import ReplayResult
from flakestorm.model.verdict import Severity


@dataclass(frozen=True, slots=True)
class Score:
    """A rate with its interval; ``judged`` is how many trials it rests on."""

    value: float
    low: float
    high: float
    judged: int


@dataclass(frozen=True, slots=True)
class Scores:
    """The four pillars and their weighted mean, each 0–1; None where nothing of it was run."""

    robustness: Score | None = None
    chaos_resilience: Score | None = None
    contract: Score | None = None
    replay: Score | None = None
    overall: Score | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many trials there are (control arm included), and how each ended."""

    trials: int = 0
    passed: int = 0
    failed: int = 0
    errored: int = 0
    inconclusive: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class TypeRow:
    """How one mutation type went; ``rate`` is passed ÷ judged with its Wilson interval."""

    type: str
    weight: float
    totals: Totals
    rate: Score | None
    obeyed: int = 0


@dataclass(frozen=True, slots=True)
class PromptRow:
    """How one golden prompt went: undisturbed (control arm) and disturbed.

    ``beyond_flakiness`` is the number of disturbed failures that its own flakiness does not explain.
    ``broken`` names the invariants that it always fails undisturbed: those are set aside.
    """

    id: str
    label: str
    text: str
    control: Totals
    disturbed: Totals
    rate: Score | None
    flakiness: float
    beyond_flakiness: float
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultCount:
    """In how many calls one fault matched, and in how many of these it fired.

    ``why`` is the reason for which it mostly held back, "" where it always fired.
    """

    name: str
    matched: int
    fired: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Amplification:
    """How many times as many calls (or tokens) a trial takes as undisturbed.

    ``what`` is a kind of call, or tokens. Of the ratios of ``trials`` to the median of their golden prompt's
    control arm, these are the median and the worst.
    """

    what: str
    median: float
    worst: float
    trials: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """From the end of the last disturbed call to a correct reply: calls and seconds, medians and the worst.

    ``never`` counts the trials that ended without a correct reply; the others are ``recovered``, and without
    any of them the numbers are None.
    """

    recovered: int
    never: int
    calls: float | None = None
    seconds: float | None = None
    worst_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class DataUse:
    """What became of damaged data: the agent said so, used it in silence, or made a value up. In trials."""

    noticed: int = 0
    silent: int = 0
    fabricated: int = 0


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """How one scenario went; ``rate`` is its chaos resilience, over the trials in which a fault fired.

    In ``unfired`` trials no fault fired: they are inconclusive and prove nothing.
    """

    name: str
    totals: Totals
    rate: Score | None
    unfired: int = 0
    faults: tuple[FaultCount, ...] = ()
    amplification: tuple[Amplification, ...] = ()
    recovery: Recovery = Recovery(0, 0)
    data: DataUse = DataUse()

    @property
    def matched(self) -> int:
        """In how many calls a fault could have fired."""
        return sum(fault.matched for fault in self.faults)

    @property
    def fired(self) -> int:
        """In how many calls a fault fired, fault by fault."""
        return sum(fault.fired for fault in self.faults)


@dataclass(frozen=True, slots=True)
class Cell:
    """One golden prompt × mutation type of the heat map."""

    prompt: str
    type: str
    passed: int
    judged: int
    errored: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Latency in milliseconds over the trials that got a reply, and a histogram for the picture.

    ``buckets`` are (upper bound in ms, count) in rising order.
    """

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    slowest: float
    buckets: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures that look alike, told by their smallest example: the unit that a person works on.

    ``title`` could be pasted into an issue; ``rule`` is the invariant that broke (or the error kind);
    ``trials`` are some of the ids, smallest example first; ``count`` is how many there are. ``operators``
    made them. ``minimal`` is what one of them was reduced to, if that was done.
    """

    title: str
    rule: str
    severity: Severity
    type: str
    count: int
    example: TrialRecord
    trials: tuple[str, ...]
    implied: bool = False
    operators: tuple[str, ...] = ()
    minimal: Minimal | None = None


@dataclass(frozen=True, slots=True)
class RequestShape:
    """How a prompt travels over HTTP, so that a report can write the request down.

    ``body`` holds ``{prompt}`` where the text goes, escaped as inside a JSON string. Header values that
    came from the environment are already replaced by ``${NAME}``.
    """

    method: str
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What was run and how: enough to repeat it. ``status`` is running, complete or partial.

    ``notes`` are sentences about what was skipped, retried, or could not be done, and why. ``request``
    is None where the agent is not reached over HTTP. ``strategy`` is uniform, search, explore, contract or
    reliability; a search spends ``budget`` calls where failures are, an exploration tries each fault once at
    each call, so that their rates are no estimates. ``branch`` and ``commit`` are those of the working folder
    in Git, or empty; ``sessions`` is the session
    file or folder that was named for a replay. ``cassette`` is the digest of the cassette from which the
    calls were answered, or empty. ``rule_lines`` maps the name of a rule to the line of the configuration,
    from 1, in which it stands.
    """

    id: str
    status: str
    started_at: str
    seconds: float
    seed: int
    config_digest: str
    config_path: str
    target: str
    version: str
    planned: int
    concurrency: int
    stop_reason: str = ""
    notes: tuple[str, ...] = ()
    request: RequestShape | None = None
    strategy: str = "uniform"
    budget: int | None = None
    branch: str = ""
    commit: str = ""
    sessions: str = ""
    cassette: str = ""
    rule_lines: Mapping[str, int] = field(default_factory=dict)

    def line_of(self, rule: str) -> int:
        """Where to point in the configuration for ``rule``: the first line where it is not known."""
        return self.rule_lines.get(rule, 1)

    @property
    def is_search(self) -> bool:
        """Whether the calls went where failures may be instead of evenly: then no rate is an estimate."""
        return self.strategy == "search" or self.is_exploration

    @property
    def is_exploration(self) -> bool:
        """Whether the fault space was explored."""
        return self.strategy == "explore"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The judgement of a whole run against what the user asked: the sentence, and the exit code."""

    exit_code: int
    headline: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """A run as reports see it. ``records()`` streams every trial in the order they finished."""

    info: RunInfo
    assessment: Assessment
    scores: Scores
    totals: Totals
    by_type: tuple[TypeRow, ...]
    by_prompt: tuple[PromptRow, ...]
    cells: tuple[Cell, ...]
    control_latency: Latency | None
    disturbed_latency: Latency | None
    causes: tuple[Cause, ...]
    findings: tuple[Finding, ...]
    records: Callable[[], Iterator[TrialRecord]] = field(compare=False)
    by_scenario: tuple[ScenarioRow, ...] = ()
    fault_map: FaultMap | None = None
    contract: ContractResult | None = None
    ci: CiResult | None = None
    measures: Measures = field(default_factory=Measures)
    surface: Surface | None = None
    replay: ReplayResult | None = None
