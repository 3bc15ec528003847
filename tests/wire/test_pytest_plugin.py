"""The pytest plugin in real inner sessions: items, failures, scores, contracts, workers and the fixture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from flakestorm.model.errors import FlakestormError
from flakestorm.storm.experiment import experiment_of

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
AGENT = """
import flakestorm
import pytest

@flakestorm.tool
def lookup(city):
    return "sunny in " + city

def careful(text):
    try:
        return lookup("Lisbon")
    except Exception:
        return "I do not know, sorry."

def literal(text):
    return "sunny in Lisbon" if "Lisbon" in text else "Where?"

def broken(text):
    return "no"

PROMPTS = [{"name": "weather", "prompt": "What is the weather in Lisbon?"}]
SUNNY = [{"type": "contains", "value": "sunny"}]
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of its own with two agents in agents.py."""
    monkeypatch.delenv("FLAKESTORM_HOME", raising=False)
    pytester.makeini(INI)
    pytester.makepyfile(agents=AGENT)
    pytester.syspathinsert()
    return pytester


def session(inner: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    """The result of a session on one file of tests."""
    inner.makepyfile(test_inner=f"from agents import *\n\n{body}")
    return inner.runpytest_subprocess("-rA", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments)


MARKED = """
@pytest.mark.flakestorm(agent=literal, prompts=PROMPTS, types=["noise"], count=4, invariants=SUNNY)
def test_weather(storm_trial):
    assert storm_trial.outcome.reply
"""


def test_each_trial_is_an_item_that_explains_itself(inner: pytest.Pytester) -> None:
    """The golden prompt undisturbed and four mutations; what fails says what was sent and what changed."""
    done = session(inner, MARKED)
    outcomes = done.parseoutcomes()
    assert outcomes["passed"] + outcomes["failed"] == 5
    assert outcomes["failed"] >= 1
    done.stdout.fnmatch_lines(
        [
            "flakestorm: broken: contains",
            "  golden prompt *What is the weather in Lisbon?",
            "  sent *",
            "  changed *noise, *→*",
            "  reply *Where?",
            "  why *contains: *sunny*",
            '  again *pytest "test_inner.py::test_weather?weather-noise.*"',
        ]
    )
    done.stdout.fnmatch_lines(["PASSED test_inner.py::test_weather?weather-undisturbed-*"])


def test_ids_are_stable_and_selected_by_k(inner: pytest.Pytester) -> None:
    """The same ids twice; -k takes some, and only their trials are run beside the control arm."""
    first = session(inner, MARKED, "--collect-only", "-q").outlines[:5]
    again = session(inner, MARKED, "--collect-only", "-q").outlines[:5]
    assert first == again
    wanted = first[1].partition("[")[2].rstrip("]")
    done = session(inner, MARKED, "-k", wanted)
    assert sum(done.parseoutcomes().get(word, 0) for word in ("passed", "failed")) == 1
    assert done.parseoutcomes()["deselected"] == 4
    listed = subprocess.run(
        [sys.executable, "-m", "flakestorm", "report", "latest", "-o", "r.json"],
        cwd=inner.path,
        capture_output=True,
        check=False,
    )
    assert listed.returncode in (0, 1, 4), listed.stderr
    report = json.loads((inner.path / "r.json").read_text())
    assert [trial["mutation"] is None for trial in report["trials"]] == [True, True, True, False]


def test_options_override_count_and_seed(inner: pytest.Pytester) -> None:
    """Two mutations in place of four; another seed makes others."""
    one = session(inner, MARKED, "--collect-only", "-q", "--flakestorm-count=2").outlines
    other = session(
        inner, MARKED, "--collect-only", "-q", "--flakestorm-count=2", "--flakestorm-seed=9"
    ).outlines
    assert sum("weather-noise" in line for line in one) == 2
    assert one[0] == other[0]
    assert one[1:3] != other[1:3]


@pytest.mark.parametrize(("least", "word"), [(0.1, "PASSED"), (0.99, "FAILED")])
def test_min_score_decides_in_an_item_of_its_own(inner: pytest.Pytester, least: float, word: str) -> None:
    """Trials that fail are expected to, and the score is judged."""
    done = session(inner, MARKED.replace("invariants=SUNNY", f"invariants=SUNNY, min_score={least}"))
    done.stdout.fnmatch_lines([f"{word} test_inner.py::test_weather?score?*"])
    assert done.parseoutcomes()["xfailed"] >= 1
    assert done.parseoutcomes().get("failed", 0) == (word == "FAILED")
    if word == "FAILED":
        done.stdout.fnmatch_lines(["The score * is below the 0.990 asked for*"])


def test_faults_and_profiles(inner: pytest.Pytester) -> None:
    """A tool that fails changes the reply; a scenario that reaches nothing is skipped as inconclusive."""
    done = session(
        inner,
        """
@pytest.mark.flakestorm(
    agent=careful, prompts=PROMPTS, invariants=SUNNY, profile="slow_llm",
    faults=[{"tool": "lookup", "mode": "error"}],
)
async def test_storm(storm_trial):
    assert storm_trial is not None
""",
    )
    done.assert_outcomes(passed=1, failed=1, skipped=1)
    done.stdout.fnmatch_lines(["  scenario *faults (tool lookup: error*"])
    done.stdout.fnmatch_lines(["SKIPPED*inconclusive: no fault of scenario 'slow_llm' fired"])


CONFIG = """
agent: {type: python, endpoint: "agents:careful"}
golden_prompts: ["What is the weather in Lisbon?"]
invariants: [{type: contains, value: sunny}]
mutations: {types: [tone_shift], count: 2}
contract:
  name: weather
  invariants:
    - {id: answers, type: completes, severity: critical}
    - {id: sunny, type: contains, value: sunny, severity: critical}
  chaos_matrix:
    - {name: no-chaos}
    - {name: outage, tool_faults: [{tool: "*", mode: error, error_code: 503}]}
"""


def test_a_contract_is_an_item_for_each_cell(inner: pytest.Pytester) -> None:
    """Invariant × scenario; the broken one names itself."""
    (inner.path / "flakestorm.yaml").write_text(CONFIG)
    done = session(
        inner,
        """
@pytest.mark.flakestorm(config="flakestorm.yaml", contract=True)
def test_contract(): ...

@pytest.mark.flakestorm(
    config="flakestorm.yaml", prompts=["How is Lisbon today?"], invariants="completes", count=1
)
def test_changed(): ...
""",
    )
    done.assert_outcomes(passed=5, failed=1)
    done.stdout.fnmatch_lines(["*FAILED test_inner.py::test_contract?outage-sunny?*"])


def test_the_fixture_runs_from_code(inner: pytest.Pytester) -> None:
    """Mutations, runs, contracts, faults, and asynchronous tests with agents of their own loop."""
    (inner.path / "flakestorm.yaml").write_text(CONFIG)
    done = session(
        inner,
        """
import asyncio

def test_mutations(storm):
    made = storm.mutations("What is the weather?", count=6, types=["noise"])
    assert len({mutation.text for mutation in made}) == 6
    assert made == storm.mutations("What is the weather?", count=6, types=["noise"])

def test_run(storm):
    result = storm.run(careful, prompts=PROMPTS, invariants=SUNNY, types=["noise"], count=3)
    result.assert_score(0.9)
    result.assert_passed()
    assert result.score == 1.0
    with pytest.raises(Exception, match="is for contracts"):
        result.assert_kept()

def test_it_falls_short(storm):
    result = storm.run(literal, prompts=PROMPTS, invariants=SUNNY, types=["noise"], count=8)
    assert result.failures
    with pytest.raises(AssertionError, match="is asked for.*\\\\n.*broken: contains"):
        result.assert_score(1.0)
    with pytest.raises(AssertionError, match="trials failed"):
        result.assert_passed()

def test_nothing_judged(storm):
    result = storm.run(literal, prompts=PROMPTS, invariants=SUNNY, profile="slow_llm")
    assert result.run.scores.chaos_resilience is None

def test_contract(storm):
    storm.contract("flakestorm.yaml", scenarios=["no-chaos"]).assert_kept()
    with pytest.raises(AssertionError, match="the contract is"):
        storm.contract("flakestorm.yaml", agent="agents:broken").assert_kept()

def test_faults(storm):
    with storm.faults([{"tool": "lookup", "mode": "error"}]) as disturbed:
        assert careful("?") == "I do not know, sorry."
    assert disturbed.fired == ("error",)
    assert careful("?") == "sunny in Lisbon"

def plain(city):
    return "sunny"

def test_faults_in_a_function(storm):
    with storm.faults([{"tool": "plain", "mode": "error"}], tools=[plain]) as disturbed:
        with pytest.raises(Exception):
            plain("Lisbon")
    assert [call.name for call in disturbed.calls] == ["plain"]

async def test_of_this_loop(storm):
    loop = asyncio.get_running_loop()

    async def agent(text):
        assert asyncio.get_running_loop() is loop
        return "sunny"

    result = await storm.run_async(agent, prompts=PROMPTS, invariants=SUNNY, count=2)
    result.assert_passed()
    storm.run(literal, prompts=PROMPTS, types=["noise"], count=1).assert_passed()
""",
    )
    done.assert_outcomes(passed=8)


def test_an_agent_that_is_always_broken(inner: pytest.Pytester) -> None:
    """The golden prompt itself fails: its item does, with the agent's error."""
    done = session(
        inner,
        """
def raising(text):
    raise ValueError("no model")

@pytest.mark.flakestorm(agent=raising, prompts=PROMPTS, types="noise", count=1)
def test_broken(): ...
""",
    )
    assert done.parseoutcomes()["failed"] >= 1
    done.stdout.fnmatch_lines(["  error *ValueError: no model"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"agnet": "a:b"}, "unknown argument 'agnet'.*'agent'"),
        ({"agent": "a:b"}, "prompts must be given"),
        ({"agent": "a:b", "prompts": "hello", "types": "nois"}, "noise"),
        ({"agent": "a:b", "prompts": "hello", "profile": "slow"}, "unknown chaos profile 'slow'"),
        ({"agent": "a:b", "prompts": "hello", "faults": [{"tool": "x", "mode": "eror"}]}, "error"),
        ({"config": "flakestorm.yaml"}, r"flakestorm\.yaml"),
    ],
)
def test_a_wrong_mark_says_what_is_accepted(tmp_path: Path, given: dict[str, object], message: str) -> None:
    """What is wrong, and the nearest name."""
    with pytest.raises(FlakestormError, match=message):
        experiment_of(given, tmp_path)


def test_a_wrong_mark_is_told_at_collection(inner: pytest.Pytester) -> None:
    """Once, and nothing is run."""
    done = session(inner, "@pytest.mark.flakestorm(agnet=literal)\ndef test_wrong(): ...\n")
    assert done.ret != 0
    text = done.stdout.str() + done.stderr.str()
    assert "unknown argument 'agnet'" in text


def test_the_fixture_of_a_trial_is_for_marked_tests(inner: pytest.Pytester) -> None:
    """Without the mark there is no trial."""
    done = session(inner, "def test_lost(storm_trial): ...\n")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*storm_trial is for tests that are marked*"])


class _Counting(BaseHTTPRequestHandler):
    """Answers every prompt, and counts."""

    count = 0

    def do_POST(self) -> None:
        """One more."""
        type(self).count += 1
        self.rfile.read(int(self.headers["content-length"]))
        answer = json.dumps({"output": "sunny"}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing: the terminal is for tests."""


@pytest.fixture
def url() -> Iterator[str]:
    """A real HTTP agent."""
    _Counting.count = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), _Counting) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/invoke"
        server.shutdown()
        thread.join()


def test_workers_share_one_run(inner: pytest.Pytester, url: str) -> None:
    """Two workers judge all items, and the agent is asked once for each trial."""
    inner.makepyfile(
        test_inner=f"""
        import pytest

        @pytest.mark.flakestorm(
            agent={url!r}, prompts=["Weather in Lisbon?"], types=["noise"], count=6,
            invariants=[{{"type": "contains", "value": "sunny"}}],
        )
        def test_http(storm_trial):
            assert "sunny" in storm_trial.outcome.reply
        """
    )
    done = inner.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider", "-v")
    done.assert_outcomes(passed=7)
    assert _Counting.count - 3 - 6 in (0, 1), "three undisturbed, six mutated, a look at it"


def test_an_agent_that_is_not_there(inner: pytest.Pytester) -> None:
    """flakestorm could not do its work, and every item says so without a traceback."""
    done = session(
        inner,
        """
@pytest.mark.flakestorm(agent="http://127.0.0.1:9/invoke", prompts=PROMPTS, types="noise", count=1)
def test_gone(): ...
""",
    )
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(["flakestorm could not run it: the agent cannot be reached*"])


def test_pytest_starts_without_anything_heavy() -> None:
    """The plugin's module brings nothing but itself and flakestorm's version."""
    code = (
        "import pytest, sys; before = set(sys.modules); import flakestorm.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert set(done.stdout.split()) <= {"flakestorm", "flakestorm.pytest_plugin", "flakestorm.version"}
    lines = [line for line in done.stderr.splitlines() if line.endswith("flakestorm.pytest_plugin")]
    assert lines
    assert not [line for line in done.stderr.splitlines() if "pydantic" in line or "aiohttp" in line]


def test_hypothesis_draws_mutations() -> None:
    """A strategy whose examples are different from the prompt, and the same for the same seed."""
    from hypothesis import given, settings

    from flakestorm.storm.strategies import mutated

    seen = set()

    @settings(max_examples=20, database=None)
    @given(mutated("What is the weather in Lisbon?", types=["noise"]))
    def check(mutation: object) -> None:
        seen.add(mutation.text)  # type: ignore[attr-defined] # a Mutation

    check()
    assert len(seen) > 5
    assert "What is the weather in Lisbon?" not in seen
