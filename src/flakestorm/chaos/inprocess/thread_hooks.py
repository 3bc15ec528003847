"""Carries the trial into thread pools, which do not know the context in which work is handed to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from typing import Any

from flakestorm.chaos.inprocess.patches import Patches
from flakestorm.chaos.traffic import current_traffic


def hook_threads(patches: Patches) -> None:
    """Install the hook in ``ThreadPoolExecutor``, and in those of its subclasses that do it their own way.

    Bare threads are left alone: one that is started by a trial and lives on, as a worker with a queue does,
    would take everything that it ever does for that trial's.
    """
    for kind in _kinds(ThreadPoolExecutor):
        if "submit" in vars(kind):
            patches.attribute(kind, "submit", _carrying(vars(kind)["submit"]))


def _kinds(kind: type) -> Iterator[type]:
    yield kind
    narrower: type
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def _carrying(original: Callable[..., Future[Any]]) -> Callable[..., Future[Any]]:
    @wraps(original)
    def submit(self: Any, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        traffic = current_traffic.get()
        if traffic is None:
            return original(self, function, *args, **kwargs)

        def in_trial() -> Any:
            token = current_traffic.set(traffic)
            try:
                return function(*args, **kwargs)
            finally:
                current_traffic.reset(token)

        return original(self, in_trial)

    return submit
