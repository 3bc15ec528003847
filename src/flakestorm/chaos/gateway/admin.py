"""The admin API: health, calls, figures, and another scenario while the gateway runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any, Protocol

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.gateway.routes import ADMIN
from flakestorm.chaos.traffic import Traffic
from flakestorm.model.errors import UsageError
from flakestorm.model.nearest import did_you_mean

RESOURCES = ("health", "stats", "calls", "scenario")


class Control(Protocol):
    """What can be seen and changed from outside."""

    @property
    def scenario(self) -> str:
        """The name of the scenario in force."""
        ...

    @property
    def scenarios(self) -> tuple[str, ...]:
        """All that can be switched to."""
        ...

    @property
    def traffic(self) -> Traffic:
        """The calls since the scenario came into force."""
        ...

    def switch(self, name: str) -> None:
        """Put another scenario in force; the same one begins anew. Raises ``UsageError``."""
        ...


class Admin:
    """Answers what is asked below ``/__flakestorm__/``.

    All but ``health`` needs ``Authorization: Bearer TOKEN``, because the agent under test reaches this port,
    too. Without ``control`` there is only ``health``.
    """

    def __init__(
        self, figures: Callable[[], Mapping[str, Any]], token: str = "", control: Control | None = None
    ) -> None:
        self._figures = figures
        self._token = token
        self._control = control

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request; ``headers`` have lower-case names."""
        resource = path.partition("?")[0].removeprefix(f"/{ADMIN}").strip("/")
        if resource == "health":
            return _json(200, {"status": "ok", **self._figures()})
        if self._control is None or not self._allows(headers.get("authorization", "")):
            why = "send the token that the gateway printed, as 'Authorization: Bearer TOKEN'"
            return _json(401, {"error": why}, ("www-authenticate", "Bearer"))
        if resource == "stats" and method == "GET":
            return _json(200, {"scenario": self._control.scenario, **self._figures()})
        if resource == "calls" and method == "GET":
            traffic = self._control.traffic
            calls = [call.to_dict() for call in traffic.finished()]
            return _json(200, {"scenario": self._control.scenario, "seen": traffic.seen, "calls": calls})
        if resource == "scenario" and method in ("GET", "PUT", "POST"):
            return self._scenario(self._control, method, body)
        if resource in RESOURCES:
            return _json(405, {"error": f"{method} is not for {resource}"})
        near = did_you_mean(resource, RESOURCES) or "."
        return _json(404, {"error": f"no '{resource}' here{near} There are: {', '.join(RESOURCES)}"})

    def _allows(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        return (
            bool(self._token)
            and scheme.lower() == "bearer"
            and compare_digest(given.strip().encode(), self._token.encode())
        )

    def _scenario(self, control: Control, method: str, body: bytes) -> Answer:
        if method != "GET":
            try:
                wanted = json.loads(body)["scenario"]
                if not isinstance(wanted, str):
                    raise TypeError(type(wanted).__name__)
            except (ValueError, TypeError, KeyError, RecursionError):
                return _json(400, {"error": 'send the name as JSON: {"scenario": "NAME"}'})
            try:
                control.switch(wanted)
            except UsageError as error:
                return _json(404, {"error": str(error)})
        return _json(200, {"scenario": control.scenario, "scenarios": list(control.scenarios)})


def _json(status: int, value: Any, *headers: tuple[str, str]) -> Answer:
    body = json.dumps(value, indent=2).encode() + b"\n"
    return Answer(status, (("content-type", "application/json"), *headers), body)
