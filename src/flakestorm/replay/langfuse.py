"""Sessions from Langfuse: its traces, from an export or through its public API."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from http.client import HTTPException
from urllib.parse import quote, urlencode

from flakestorm.model.errors import UsageError, WorkError
from flakestorm.model.retry_after import retry_after_s
from flakestorm.replay.foreign import Foreign
from flakestorm.replay.imported import Answered, Imported, milliseconds
from flakestorm.replay.inputs import returned, talk_of

SOURCE = "langfuse"
HOST = "https://cloud.langfuse.com"
KEYS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
PAGE = 50
TRIES = 4
LONGEST_WAIT_S = 30.0
TIMEOUT_S = 30.0


def sessions_in(documents: Iterable[Foreign]) -> Iterator[Imported]:
    """One session for each trace: ``documents`` are traces, lists of them, or pages (``data``) of them.

    Raises ``UnknownShape``.
    """
    for document in documents:
        if isinstance(document.value, list):
            yield from sessions_in(document.items())
        elif document.get("data") is not None and document.get("input") is None:
            yield from sessions_in(document.at("data").items())
        else:
            inside = document.get("trace")
            trace = document
            if inside is not None:
                # Exports of the user interface keep the trace beside its observations.
                merged = {**inside.mapping(), "observations": document.mapping().get("observations")}
                trace = Foreign(merged, inside.where)
            yield _session(trace)


class Langfuse:
    """Langfuse's public API, as ``environment`` names it. Raises ``UsageError`` where a key is missing."""

    def __init__(self, environment: Mapping[str, str], sleep: Callable[[float], object] = time.sleep) -> None:
        missing = [name for name in KEYS if not environment.get(name)]
        if missing:
            raise UsageError(
                f"Langfuse needs its keys: set {' and '.join(missing)} in the environment. They are never "
                "read from a file."
            )
        public, secret = (environment[name] for name in KEYS)
        self._host = (environment.get("LANGFUSE_HOST") or HOST).rstrip("/")
        if not self._host.startswith(("http://", "https://")):
            raise UsageError(f"LANGFUSE_HOST is '{self._host}'; accepted: an address such as {HOST}")
        self._authorization = "Basic " + base64.b64encode(f"{public}:{secret}".encode()).decode()
        self._secrets = frozenset({secret, self._authorization})
        self._sleep = sleep

    @property
    def secrets(self) -> frozenset[str]:
        """What must not be stored."""
        return self._secrets

    def traces(self, limit: int | None, filters: Mapping[str, str]) -> Iterator[Imported]:
        """The newest ``limit`` traces that the API's ``filters`` (name, userId, fromTimestamp …) let through.

        Raises ``WorkError`` where the service refuses or does not answer, ``UnknownShape`` for another form.
        """
        seen, page = 0, 1
        while limit is None or seen < limit:
            size = PAGE if limit is None else min(PAGE, limit - seen)
            query = urlencode({**filters, "page": page, "limit": size})
            listed = list(self._get(f"/api/public/traces?{query}").at("data").items())
            for entry in listed:
                # Lists have the observations' ids only.
                yield _session(self._get(f"/api/public/traces/{quote(entry.at('id').text(), safe='')}"))
            seen += len(listed)
            page += 1
            if len(listed) < size:
                return

    def _get(self, path: str) -> Foreign:
        url = f"{self._host}{path}"
        request = urllib.request.Request(  # noqa: S310 - the constructor lets only http and https through
            url, headers={"Authorization": self._authorization, "Accept": "application/json"}
        )
        for attempt in range(1, TRIES + 1):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - as above
                    return Foreign(json.loads(response.read()), f"Langfuse {path}")
            except urllib.error.HTTPError as error:
                error.close()
                if error.code != 429 or attempt == TRIES:
                    raise _refused(error, self._host) from None
                headers = {name.lower(): value for name, value in error.headers.items()}
                wait_s = retry_after_s(headers)
                self._sleep(min(LONGEST_WAIT_S, 2.0**attempt if wait_s is None else wait_s))
            except ValueError:
                raise WorkError(f"Langfuse ({url}) answers with something that is no JSON.") from None
            except (OSError, HTTPException) as error:
                reason = getattr(error, "reason", None) or error
                raise WorkError(
                    f"Langfuse does not answer at {self._host}: {reason}. Is LANGFUSE_HOST right?"
                ) from None
        raise AssertionError  # the last try returns or raises


def _refused(error: urllib.error.HTTPError, host: str) -> WorkError:
    if error.code in (401, 403):
        return WorkError(
            f"Langfuse ({host}) refuses the keys ({error.code}). Set the right {' and '.join(KEYS)}; each "
            "project has its own."
        )
    if error.code == 429:
        return WorkError(
            f"Langfuse ({host}): too many requests (429), {TRIES - 1} retries included. Try again later, or "
            "ask for less with --limit."
        )
    return WorkError(f"Langfuse ({host}) answers with status {error.code} ({error.reason}).")


def _session(trace: Foreign) -> Imported:
    id_, said = trace.at("id"), trace.get("input")
    observations = list(_observations(trace))
    if said is None:
        # Some integrations keep the input at the first observation only.
        said = next((found for o in observations if (found := o.get("input")) is not None), None)
    if said is None:
        raise trace.refusal("a trace whose input, or that of an observation, is not null")
    talk = talk_of(said)
    answered = tuple(_answered(o) for o in observations if _is_tool(o))
    at, name = trace.get("timestamp", "createdAt"), trace.get("name")
    return Imported(
        id=f"langfuse-{id_.text()}",
        input=talk.question,
        source=SOURCE,
        name="" if name is None else name.text(),
        captured_at="" if at is None else at.text(),
        context=tuple(talk.before),
        answered=answered or tuple(talk.answered),
        failed_with=next(filter(None, map(_failure, observations)), ""),
    )


def _observations(trace: Foreign) -> list[Foreign]:
    listed = trace.get("observations")
    found = [] if listed is None else list(listed.items())
    if any(not isinstance(o.value, dict) for o in found):
        raise found[0].refusal("an observation, not only its id; export the whole trace")
    return sorted(found, key=lambda o: str(o.value.get("startTime") or ""))


def _is_tool(observation: Foreign) -> bool:
    kind = observation.at("type").text().upper()
    metadata = observation.value.get("metadata")
    marked = isinstance(metadata, dict) and str(metadata.get("type", "")).lower() == "tool"
    name = str(observation.value.get("name") or "").lower()
    return kind == "TOOL" or (kind == "SPAN" and (marked or name.startswith("tool:")))


def _answered(observation: Foreign) -> Answered:
    name = observation.at("name").text()
    if name.lower().startswith("tool:"):
        name = name[len("tool:") :].strip()
    took = milliseconds(_time(observation.get("startTime")), _time(observation.get("endTime")))
    failure = _failure(observation)
    if failure:
        return Answered(name, failure, 500, took)
    return Answered(name, returned(observation.mapping().get("output")), None, took)


def _failure(observation: Foreign) -> str:
    level = observation.get("level")
    if level is None or level.text().upper() != "ERROR":
        return ""
    message = observation.get("statusMessage")
    return message.text() if message is not None else f"{observation.value.get('name')}: its level is ERROR"


def _time(value: Foreign | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value.text().replace("Z", "+00:00"))
    except ValueError:
        raise value.refusal("a time such as 2026-11-22T09:30:00Z") from None


def filters_of(since: datetime | None, name: str | None) -> dict[str, str]:
    """The API's parameters for traces from a time on, and of a name."""
    given = {} if name is None else {"name": name}
    return given if since is None else {**given, "fromTimestamp": since.isoformat()}
