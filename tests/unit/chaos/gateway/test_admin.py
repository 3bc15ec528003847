"""The admin API: who may ask, what is answered, and what wrong requests get."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flakestorm.chaos.config import ChaosConfig, Scenario
from flakestorm.chaos.gateway.admin import Admin
from flakestorm.chaos.gateway.scenarios import Scenarios
from flakestorm.chaos.profiles import profile_names
from flakestorm.chaos.request import CallRequest
from flakestorm.model.errors import ConfigError, UsageError

MATRIX = (Scenario(name="too-many", llm_faults=[{"mode": "rate_limit"}]),)
SECTION = ChaosConfig(llm_faults=[{"mode": "server_error"}])
HEADERS = {"authorization": "bearer secret"}


@pytest.fixture
def scenarios() -> Scenarios:
    """A section with a fault, and a matrix of one."""
    return Scenarios(MATRIX, SECTION)


@pytest.fixture
def admin(scenarios: Scenarios) -> Admin:
    """The API with the token ``secret``."""
    return Admin(lambda: {"calls": 3}, "secret", scenarios)


def ask(admin: Admin, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON of an answer; with the right token unless told otherwise."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = admin.answer(method, f"/__flakestorm__{path}", headers or HEADERS, data)
    assert dict(answer.headers)["content-type"] == "application/json"
    return answer.status, json.loads(answer.body)


def test_health_needs_no_token(admin: Admin) -> None:
    """Everybody may know that it is there, also where nothing can be controlled."""
    assert ask(admin, "GET", "/health?x", x="y") == (200, {"status": "ok", "calls": 3})
    assert ask(Admin(dict), "GET", "/health/") == (200, {"status": "ok"})


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic secret", "Bearer sécret"])
def test_all_else_needs_it(admin: Admin, given: str) -> None:
    """The agent under test reaches the port, too."""
    status, answer = ask(admin, "GET", "/calls", authorization=given)
    assert status == 401
    assert "Authorization: Bearer TOKEN" in answer["error"]
    assert ask(Admin(dict), "GET", "/calls", authorization="Bearer ")[0] == 401


def test_stats_and_calls(admin: Admin, scenarios: Scenarios) -> None:
    """The scenario, the figures, and the calls that are over; looking ends none that goes on."""
    scenarios.traffic.open(CallRequest("llm", "m", "openai")).close(500, received="sorry")
    going_on = scenarios.traffic.open(CallRequest("llm", "m", "openai"))
    assert ask(admin, "GET", "/stats") == (200, {"scenario": "chaos", "calls": 3})
    status, answer = ask(admin, "GET", "/calls")
    assert (status, answer["scenario"], answer["seen"], len(answer["calls"])) == (200, "chaos", 2, 1)
    assert answer["calls"][0]["fired"] == ["server_error"]
    assert answer["calls"][0]["received"] == "sorry"
    going_on.close(200)
    assert len(ask(admin, "GET", "/calls")[1]["calls"]) == 2


def test_scenario(admin: Admin, scenarios: Scenarios) -> None:
    """It is told, exchanged, and begins anew."""
    status, answer = ask(admin, "GET", "/scenario")
    assert (status, answer["scenario"]) == (200, "chaos")
    assert answer["scenarios"] == ["no-chaos", "chaos", "too-many", *profile_names()]
    for method, name in (("PUT", "too-many"), ("POST", "no-chaos"), ("PUT", profile_names()[0])):
        assert ask(admin, method, "/scenario", {"scenario": name})[1]["scenario"] == name
        assert scenarios.scenario == name
    scenarios.traffic.open(CallRequest("tool", "t")).close(200)
    ask(admin, "PUT", "/scenario", {"scenario": scenarios.scenario})
    assert scenarios.traffic.seen == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("PUT", "/scenario", b"{", 400, 'send the name as JSON: {"scenario": "NAME"}'),
        ("PUT", "/scenario", {"scenario": 3}, 400, "send the name as JSON"),
        ("PUT", "/scenario", ["x"], 400, "send the name as JSON"),
        ("PUT", "/scenario", {"name": "x"}, 400, "send the name as JSON"),
        ("PUT", "/scenario", {"scenario": "to-many"}, 404, "did you mean 'too-many'?"),
        ("DELETE", "/scenario", None, 405, "DELETE is not for scenario"),
        ("POST", "/calls", None, 405, "POST is not for calls"),
        ("GET", "/cals", None, 404, "no 'cals' here, did you mean 'calls'? There are: health, stats, calls"),
        ("GET", "", None, 404, "no '' here. There are: "),
    ],
)
def test_wrong_requests(admin: Admin, method: str, path: str, body: Any, status: int, message: str) -> None:
    """Each gets what is wrong with it, and leaves the scenario as it is."""
    got, answer = ask(admin, method, path, body)
    assert got == status
    assert message in answer["error"]
    assert ask(admin, "GET", "/scenario")[1]["scenario"] == "chaos"


def test_what_is_in_force_at_first() -> None:
    """The section's faults if there are any, else nothing; or what was asked for."""
    assert Scenarios(MATRIX).scenario == "no-chaos"
    assert Scenarios((), ChaosConfig()).scenario == "no-chaos"
    assert Scenarios(MATRIX, SECTION, "too-many").scenario == "too-many"
    quiet = Scenarios(MATRIX, SECTION, "no-chaos")
    assert quiet.traffic.open(CallRequest("llm", "m", "openai")).effect.is_nothing


def test_names_of_ones_own() -> None:
    """A matrix may have an entry called chaos or no-chaos; an unknown name comes with the nearest."""
    own = Scenario(name="chaos", llm_faults=[{"mode": "reset"}])
    made = Scenarios((own,), SECTION)
    assert made.traffic.open(CallRequest("llm", "m", "openai")).effect.connection == "reset"
    with pytest.raises(UsageError, match="unknown scenario 'chaoss', did you mean 'chaos'"):
        made.switch("chaoss")
    with pytest.raises(ConfigError, match="nowhere"):
        made.switch("./nowhere.yaml")


def test_seed() -> None:
    """The same seed decides the same, each time that a scenario comes into force."""
    half = ChaosConfig(llm_faults=[{"mode": "reset", "probability": 0.5}])

    def decided(made: Scenarios) -> list[str]:
        return [made.traffic.open(CallRequest("llm", "m", "openai")).effect.connection for _ in range(30)]

    made = Scenarios((), half, seed=3)
    first = decided(made)
    made.switch("chaos")
    assert decided(made) == first == decided(Scenarios((), half, seed=3))
    assert decided(Scenarios((), half, seed=4)) != first
