"""What all hooks share: whose call it is, which tools are known, and how many calls were seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from threading import Lock, current_thread, main_thread

from flakestorm.chaos.recognition import ToolPlace, recognised
from flakestorm.chaos.request import CallRequest
from flakestorm.chaos.traffic import OpenCall, Traffic, current_traffic


class Watch:
    """The state of one installation. Safe to use from several threads.

    ``tools`` are names. ``seen`` counts calls by library, ``kinds`` by kind, ``hosts`` those that are neither
    to an LLM nor to a tool by host; ``strays`` counts calls made in a thread other than
    the main one without a trial, by library: their trial got lost on the way into the thread. ``fallback``
    gives the traffic of these; without it they pass as they are.
    """

    def __init__(self, places: Mapping[str, ToolPlace] | None = None) -> None:
        self.places = dict(places or {})
        self.tools: set[str] = set(self.places)
        self.seen: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.hosts: Counter[str] = Counter()
        self.strays: Counter[str] = Counter()
        self.fallback: Callable[[], Traffic] | None = None
        self._lock = Lock()

    def traffic(self, library: str) -> Traffic | None:
        """The traffic of the running trial, or None when the call is none of ours."""
        traffic = current_traffic.get()
        if traffic is None and current_thread() is not main_thread():
            with self._lock:
                self.strays[library] += 1
            return None if self.fallback is None else self.fallback()
        return traffic

    def open(self, traffic: Traffic, library: str, request: CallRequest) -> OpenCall:
        """``request`` was made with ``library``."""
        with self._lock:
            self.seen[library] += 1
            self.kinds[request.kind] += 1
            if request.kind == "http":
                self.hosts[request.name] += 1
        return traffic.open(request)

    def http(
        self,
        traffic: Traffic,
        library: str,
        method: str,
        url: str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
        body: bytes,
    ) -> OpenCall:
        """The same for an HTTP request."""
        return self.open(traffic, library, recognised(method, url, headers, body, self.places))
