"""Sessions from LangSmith, through its own client: one run, or those of a project."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from flakestorm.model.errors import MissingExtra, UsageError, WorkError
from flakestorm.model.nearest import did_you_mean
from flakestorm.replay.config import SourceFilter
from flakestorm.replay.foreign import ADVICE, Foreign, UnknownShape
from flakestorm.replay.imported import Answered, Imported, milliseconds
from flakestorm.replay.inputs import returned, talk_of

if TYPE_CHECKING:
    from langsmith import Client
    from langsmith.schemas import Run

SOURCE = "langsmith"
KEYS = ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY")
ENDPOINTS = ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT")
TIMEOUT_MS = 30_000
RETRIES = 3
STATUSES = ("success", "error", "pending")
_RANGE = re.compile(r"last_(\d{1,5})_(minute|hour|day|week)s?")
_FIELDS = ("id", "name", "run_type", "start_time", "end_time", "inputs", "outputs", "error", "status")
_OF_TOOLS = (*_FIELDS, "trace_id", "parent_run_ids", "dotted_order")


class LangSmith:
    """LangSmith as ``environment`` names it; a context manager, at whose end its connections are closed.

    Raises ``UsageError`` where no key is set.

    Every method raises ``WorkError`` when the service refuses or does not answer, and ``UnknownShape`` where
    it answers in another form than is known.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        key = next((environment[name] for name in KEYS if environment.get(name)), "")
        if not key:
            raise UsageError(
                f"LangSmith needs a key: set {KEYS[0]} in the environment. It is never read from a file."
            )
        self._key = key
        self._url = next((environment[name] for name in ENDPOINTS if environment.get(name)), None)
        self._client = _client(key, self._url)

    def __enter__(self) -> LangSmith:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.session.close()

    @property
    def secrets(self) -> frozenset[str]:
        """What must not be stored."""
        return frozenset({self._key})

    def run(self, run_id: str) -> Imported:
        """The session that the run with this id is. Raises ``UsageError`` where there is none."""
        if not re.fullmatch(r"[0-9a-fA-F-]{32,36}", run_id):
            raise UsageError(f"'{run_id}' is no id of a LangSmith run, which looks like {_EXAMPLE}")
        with self._explained(f"run {run_id}"):
            run = self._client.read_run(run_id)
            tools = list(
                self._client.list_runs(trace_id=run.trace_id, run_type="tool", **_selected(_OF_TOOLS))
            )
        return _session(run, _of_traces(tools).get(str(run.trace_id), []))

    def project(
        self, name: str, wanted: SourceFilter, limit: int | None, now: datetime | None = None
    ) -> Iterator[Imported]:
        """The newest ``limit`` sessions of a project that ``wanted`` lets through, one for each trace."""
        since = start_of(wanted.date_range, now or datetime.now(timezone.utc))
        with self._explained(f"project '{name}'"):
            found = self._client.list_runs(
                project_name=name, is_root=True, start_time=since, **_selected(_OF_TOOLS), **_filters(wanted)
            )
            slow = (run for run in found if _is_slow(run, wanted.min_latency_ms))
            roots = list(islice(slow, limit))
            tools: list[Run] = []
            if roots:
                earliest = min(run.start_time for run in roots)
                tools = list(
                    self._client.list_runs(
                        project_name=name, run_type="tool", start_time=earliest, **_selected(_OF_TOOLS)
                    )
                )
        by_trace = _of_traces(tools)
        for run in roots:
            yield _session(run, by_trace.get(str(run.trace_id), []))

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """The client's errors in words that say what to do."""
        from langsmith import utils

        where = f"LangSmith ({self._url or 'its usual address'}), {what}"
        try:
            with warnings.catch_warnings():
                # The client warns of methods that its later versions will not have.
                warnings.simplefilter("ignore", DeprecationWarning)
                yield
        except utils.LangSmithAuthError:
            raise WorkError(f"{where}: the key in {KEYS[0]} is refused (401). Set the right one.") from None
        except utils.LangSmithRateLimitError:
            raise WorkError(
                f"{where}: too many requests (429), {RETRIES} retries included. Try again later, or ask for "
                "less: --limit, --since."
            ) from None
        except utils.LangSmithNotFoundError as error:
            raise WorkError(f"{where}: there is no such thing in this workspace ({_line(error)}).") from None
        except ValidationError as error:
            raise UnknownShape(f"{where}: {_fields(error)} {ADVICE}") from None
        except UnknownShape:
            raise
        except utils.LangSmithError as error:
            raise WorkError(f"{where}: {_line(error)}") from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise UnknownShape(
                f"{where}: its answer has another form than the client knows ({type(error).__name__}: "
                f"{_line(error)}). {ADVICE}"
            ) from None


_EXAMPLE = "0197f2b4-6c1e-7a52-9d1b-3f5a6c7d8e9f"


def _client(key: str, url: str | None) -> Client:
    try:
        from langsmith import Client
    except ImportError:
        raise MissingExtra("langsmith", "langsmith", "Importing sessions from LangSmith") from None
    return Client(api_url=url, api_key=key, timeout_ms=TIMEOUT_MS, auto_batch_tracing=False)


def _selected(fields: tuple[str, ...]) -> dict[str, Any]:
    return {"select": list(fields)}


def _filters(wanted: SourceFilter) -> dict[str, Any]:
    """The client's arguments for ``wanted``. Raises ``UsageError`` for an unknown status."""
    given: dict[str, Any] = {}
    status = wanted.status
    if status is not None and status not in STATUSES:
        near = did_you_mean(status, STATUSES) or "."
        raise UsageError(f"'{status}' is no status of a LangSmith run{near} Accepted: {', '.join(STATUSES)}")
    if status in ("success", "error"):
        given["error"] = status == "error"
    elif status is not None:
        given["filter"] = f'eq(status, "{status}")'
    return given


def start_of(date_range: str | None, now: datetime) -> datetime | None:
    """When ``last_7_days``, ``today``, or a date such as 2026-11-01 begins. Raises ``UsageError``."""
    if date_range is None:
        return None
    if date_range == "today":
        return now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = _RANGE.fullmatch(date_range)
    if found is not None:
        return now - timedelta(**{f"{found[2]}s": int(found[1])})
    try:
        start = datetime.fromisoformat(date_range)
    except ValueError:
        raise UsageError(
            f"'{date_range}' is no range of time. Accepted: last_7_days, last_24_hours, last_30_minutes, "
            "today, or when it begins, such as 2026-11-01"
        ) from None
    return start if start.tzinfo else start.replace(tzinfo=timezone.utc)


def _is_slow(run: Run, at_least_ms: float | None) -> bool:
    took = milliseconds(run.start_time, run.end_time)
    return at_least_ms is None or (took is not None and took >= at_least_ms)


def _of_traces(tools: list[Run]) -> dict[str, list[Run]]:
    """The tool runs of each trace in their order, without those that another tool made."""
    ids = {run.id for run in tools}
    by_trace: dict[str, list[Run]] = {}
    for run in sorted(tools, key=lambda run: (run.start_time, str(run.id))):
        if ids.isdisjoint(run.parent_run_ids or ()):
            by_trace.setdefault(str(run.trace_id), []).append(run)
    return by_trace


def _session(run: Run, tools: list[Run]) -> Imported:
    where = f"LangSmith run {run.id}: inputs"
    talk = talk_of(Foreign(run.inputs, where))
    answered = tuple(map(_answered, tools))
    return Imported(
        id=f"langsmith-{run.id}",
        input=talk.question,
        source=SOURCE,
        name=run.name,
        captured_at=run.start_time.isoformat(timespec="seconds"),
        context=tuple(talk.before),
        answered=answered or tuple(talk.answered),
        failed_with=run.error or "",
    )


def _answered(run: Run) -> Answered:
    took = milliseconds(run.start_time, run.end_time)
    if run.error:
        return Answered(run.name, run.error, 500, took)
    return Answered(run.name, returned(run.outputs), None, took)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _fields(error: ValidationError) -> str:
    """The fields that have another form, each with what is expected of it."""
    told = [
        f"the field '{'.'.join(map(str, item['loc']))}' of its {error.title}: {item['msg'].lower()}"
        for item in error.errors(include_url=False)[:3]
    ]
    return f"{'; '.join(told)}."
