"""The package, installed from the wheel and from the sdist into an empty environment, does its work."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from flakestorm import __version__

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
OF_EXTRAS = {
    "anthropic",
    "google.genai",
    "langchain_core",
    "langsmith",
    "ollama",
    "openai",
    "sentence_transformers",
    "uvloop",
}
"""What the extras install, as it is imported."""


def test_the_program_says_its_version_and_helps(installed: Any, run: Any, tmp_path: Path) -> None:
    """The console script is there and starts."""
    assert run(installed.program, "--version", cwd=tmp_path).stdout == f"flakestorm {__version__}\n"
    told = run(installed.program, "--help", cwd=tmp_path).stdout
    assert all(command in told for command in ("run", "init", "verify", "demo", "report"))
    module = run(installed.python, "-m", "flakestorm", "--version", cwd=tmp_path)
    assert module.stdout == f"flakestorm {__version__}\n"


def test_what_is_installed_says_the_same_version(installed: Any, run: Any, tmp_path: Path) -> None:
    """pip's metadata and the module agree."""
    code = (
        "import flakestorm, importlib.metadata as m; print(m.version('flakestorm'), flakestorm.__version__)"
    )
    assert run(installed.python, "-c", code, cwd=tmp_path).stdout.split() == [__version__, __version__]
    run(installed.python, "-m", "pip", "check", cwd=tmp_path)


def test_both_artefacts_install_the_same_files(installed: Any, checkout: Path) -> None:
    """Whether from the wheel or the sdist: every module and every data file, as it is in the repository."""
    source = checkout / "src" / "flakestorm"
    assert _hashes(installed.package) == _hashes(source)


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


PYTEST_ONLY = ("flakestorm.pytest_plugin", "flakestorm.storm.")


def test_every_module_imports_without_extras(installed: Any, run: Any, tmp_path: Path) -> None:
    """No module needs an optional package to be imported, nor one that the metadata does not ask for."""
    done = run(installed.python, "-W", "error", HERE / "import_everything.py", cwd=tmp_path)
    result = json.loads(done.stdout)
    # What pytest loads needs pytest, and nobody else loads it.
    failed = {name: why for name, why in result["failed"].items() if "No module named 'pytest'" not in why}
    assert failed == {}
    assert all(name.startswith(PYTEST_ONLY) for name in result["failed"])
    assert len(result["modules"]) > 100


def test_importing_everything_imports_no_extra(run: Any, tmp_path: Path) -> None:
    """Where the extras are installed, they are still not loaded before they are needed."""
    present = {name.partition(".")[0] for name in OF_EXTRAS} & set(
        importlib.metadata.packages_distributions()
    )
    assert {"openai", "anthropic"} <= present, "the environment of the tests has the extras"
    done = run(sys.executable, HERE / "import_everything.py", cwd=tmp_path)
    result = json.loads(done.stdout)
    assert result["failed"] == {}
    assert OF_EXTRAS.isdisjoint(result["loaded"])


def test_a_missing_extra_says_how_to_get_it(installed: Any, run: Any, tmp_path: Path) -> None:
    """Whoever names a LangChain agent without the extra is told the line that installs it."""
    config = tmp_path / "flakestorm.yaml"
    config.write_text(
        'agent: {type: langchain, endpoint: "chain:agent"}\n'
        "golden_prompts: [Hello?]\ninvariants: [{type: completes}]\n"
    )
    (tmp_path / "chain.py").write_text("agent = lambda prompt: prompt\n")
    done = run(installed.program, "verify", cwd=tmp_path, expect=3)
    assert "pip install 'flakestorm[langchain]'" in done.stdout + done.stderr


def test_init_writes_a_configuration_that_loads(installed: Any, run: Any, tmp_path: Path) -> None:
    """The first steps of the README, with nothing but the package."""
    run(installed.program, "init", cwd=tmp_path)
    code = "from flakestorm import load_config; print(len(load_config('flakestorm.yaml').golden))"
    assert int(run(installed.python, "-c", code, cwd=tmp_path).stdout) >= 1
    original = (tmp_path / "flakestorm.yaml").read_text(encoding="utf-8")
    refused = run(installed.program, "init", cwd=tmp_path, expect=2)
    assert "flakestorm.yaml" in refused.stderr
    assert "--force" in refused.stderr
    assert (tmp_path / "flakestorm.yaml").read_text(encoding="utf-8") == original


def test_init_where_nothing_can_be_written(installed: Any, run: Any, tmp_path: Path) -> None:
    """A folder that is not writable is named; there is no traceback."""
    if os.geteuid() == 0:
        folder = Path("/proc")  # the superuser may write anywhere else
    else:
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)
    done = run(installed.program, "init", folder / "flakestorm.yaml", cwd=tmp_path, expect=3)
    assert str(folder) in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_runs(installed: Any, run: Any, tmp_path: Path) -> None:
    """The sample agent, its data and the report's page are all in the package."""
    if installed.artefact.suffix == ".gz":
        pytest.skip("test_both_artefacts_install_the_same_files: its files are those of the wheel")
    done = run(installed.program, "demo", "-o", "terminal", "-o", "report.html", cwd=tmp_path)
    assert "What breaks it" in done.stdout
    assert "<html" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_an_old_python_is_refused_by_pip(built: Any, run: Any, tmp_path: Path) -> None:
    """pip says which Python is needed, before it installs anything."""
    words = ("--no-deps", "--only-binary", ":all:", "--python-version", "3.9", "--target", tmp_path / "old")
    done = run(sys.executable, "-m", "pip", "install", *words, built.wheel, cwd=tmp_path, expect=1)
    assert "requires a different Python: 3.9" in done.stderr
    assert ">=3.10" in done.stderr
