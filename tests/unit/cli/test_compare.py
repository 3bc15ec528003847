"""``flakestorm compare`` and ``flakestorm plan`` as typed: exit codes, files, and messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from flakestorm.cli.application import app
from flakestorm.cli.shares import share

AGENT = '''
def agent(prompt: str) -> str:
    """Breaks when it is told to."""
    return "no idea" if len(prompt) > LIMIT else "a refund takes five days"
'''
CONFIG = """
agent: {endpoint: "MODULE:agent", type: python, deterministic: true}
golden_prompts: ["Where is my refund for order 4512?", "How do I get a refund?"]
mutations: {count: 50, types: [paraphrase, noise]}
invariants:
  - {type: contains, value: refund}
advanced: {shrink_budget: 0}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on branch main with one good run, and on branch fix with a worse one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("FLAKESTORM_HOME", raising=False)
    (tmp_path / ".git").mkdir()
    for branch, limit in (("main", 1000), ("fix", 40)):
        (tmp_path / ".git/HEAD").write_text(f"ref: refs/heads/{branch}\n")
        (tmp_path / f"compared_{branch}.py").write_text(f"LIMIT = {limit}\n{AGENT}")
        # Endpoints differ, prompts and mutations do not: so the trials pair.
        (tmp_path / "flakestorm.yaml").write_text(CONFIG.replace("MODULE", f"compared_{branch}"))
        done = CliRunner().invoke(app, ["run", "-q"])
        assert done.exit_code == 0, done.output
    return tmp_path


def flakestorm(*words: str) -> tuple[int, str]:
    """The exit code and everything that is printed."""
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def test_comparing_branches(project: Path) -> None:
    """1 for worse, 0 the other way round; files are written, and -q prints nothing."""
    code, text = flakestorm("compare", "main@latest")
    assert code == 1
    assert text.strip().startswith("WORSE")
    assert "(fix)" in text
    assert flakestorm("compare", "fix@latest", "main@latest", "-q", "-o", "json") == (0, "")
    code, text = flakestorm("compare", "main@latest", "-o", "out/c.json", "-o", "c.md", "-o", "markdown")
    assert code == 1
    assert text == (project / "c.md").read_text(encoding="utf-8")
    found = json.loads((project / "out/c.json").read_text(encoding="utf-8"))
    assert (found["base"]["branch"], found["head"]["branch"]) == ("main", "fix")


def test_margin_and_doubt(project: Path) -> None:
    """4 for inconclusive: nothing changed, but so small a margin needs more trials; 0 with a larger one."""
    del project
    assert flakestorm("run", "-q")[0] == 0
    assert flakestorm("compare", "fix@latest", "-q", "--margin", "0.1%")[0] == 4
    assert flakestorm("compare", "fix@latest", "-q", "--margin", "5%")[0] == 0
    code, text = flakestorm("compare", "main@latest", "--margin", "7")
    assert (code, "Did you mean 7%?" in text) == (2, True)


def test_what_cannot_be_compared(project: Path) -> None:
    """A wrong format, a wrong run, and a place that cannot be written."""
    assert flakestorm("compare", "main@latest", "-o", "jsn")[0] == 2
    assert "did you mean 'json'" in flakestorm("compare", "main@latest", "-o", "jsn")[1]
    assert flakestorm("compare", "nothing")[0] == 2
    (project / "file").write_text("")
    code, text = flakestorm("compare", "main@latest", "-o", "file/c.json")
    assert code == 3
    assert "could not be written to file/c.json" in text


def test_plan(project: Path) -> None:
    """How many trials, where the assumption comes from, and what it means for the configuration."""
    del project
    code, text = flakestorm("plan", "--detect", "5%", "--flips", "0%")
    assert code == 0
    assert "from --flips" in text or "(--flips)" in text
    assert "2 golden prompts × 50 mutations = 100 trials" in text
    assert "too few: set mutations.count to" in text
    assert "which is enough" in flakestorm("plan", "--detect", "0.5", "--flips", "1%")[1]
    assert "10.0% of the trials" in flakestorm("plan")[1]
    code, text = flakestorm("plan", "--run", "latest")
    assert (code, "tells nothing about flakiness" in text) == (2, True)


@pytest.mark.parametrize(
    "words", [("--power", "100%"), ("--detect", "0"), ("--flips", "99%"), ("-c", "none.yaml")]
)
def test_plan_refuses_what_cannot_be(project: Path, words: tuple[str, ...]) -> None:
    """Certainty, no difference, more than all trials, and a configuration that is not there."""
    del project
    assert flakestorm("plan", *words)[0] == 2


def test_plan_without_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers need none."""
    monkeypatch.chdir(tmp_path)
    code, text = flakestorm("plan", "--detect", "10%")
    assert code == 0
    assert "golden prompts" not in text


def test_shares() -> None:
    """Percent and fractions; nothing else."""
    assert [share(text) for text in ("5%", " 0.05 ", 0.05, "100%", "0")] == [0.05, 0.05, 0.05, 1.0, 0.0]
    for text in ("", "x%", "-1%", "101%", "nan", "1e9"):
        with pytest.raises(typer.BadParameter, match="is no share"):
            share(text)
