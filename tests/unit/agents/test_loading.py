"""References to Python code: what they load, and what their errors say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flakestorm.agents.loading import load
from flakestorm.model.errors import UsageError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is the current one; modules imported in the test are forgotten after it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_module_and_attribute(project: Path) -> None:
    """A module of the current directory is found, although that is not on ``sys.path`` at first."""
    (project / "fs_app.py").write_text("def invoke(prompt):\n    return prompt\n")
    assert load("fs_app:invoke", "agent.endpoint")("x") == "x"


def test_dotted_attribute(project: Path) -> None:
    """Attributes of attributes are reached."""
    (project / "fs_app.py").write_text("class Agent:\n    class Inner:\n        value = 3\n")
    assert load("fs_app:Agent.Inner.value", "agent.endpoint") == 3


def test_file_in_another_directory_imports_its_neighbours(project: Path) -> None:
    """A file finds the modules beside it, as it does when Python runs it."""
    folder = project / "deep"
    folder.mkdir()
    (folder / "fs_neighbour.py").write_text("word = 'beside'\n")
    (folder / "fs_agent.py").write_text("from fs_neighbour import word\n")
    assert load("deep/fs_agent.py:word", "agent.endpoint") == "beside"


def test_file_in_a_package_may_import_relatively(project: Path) -> None:
    """A file of a package is imported under its full name."""
    package = project / "fs_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "words.py").write_text("word = 'relative'\n")
    (package / "agent.py").write_text("from .words import word\n")
    assert load("fs_package/agent.py:word", "agent.endpoint") == "relative"
    assert "fs_package.agent" in sys.modules
    assert load("fs_package/agent.py:word", "agent.endpoint") == "relative"


def test_file_whose_name_is_taken_or_no_identifier(project: Path) -> None:
    """``json.py`` and ``my-agent.py`` load, and the real ``json`` stays what it is."""
    import json

    (project / "json.py").write_text("word = 'mine'\n")
    (project / "my-agent.py").write_text("word = 'dashed'\n")
    assert load("json.py:word", "agent.endpoint") == "mine"
    assert load("json.py:word", "agent.endpoint") == "mine"
    assert load("my-agent.py:word", "agent.endpoint") == "dashed"
    assert sys.modules["json"] is json


def test_loading_twice_gives_the_same_object(project: Path) -> None:
    """The module is executed once, so that state is shared between the agent and its reset function."""
    (project / "fs_app.py").write_text("state = []\n")
    assert load("fs_app.py:state", "agent.endpoint") is load("fs_app:state", "agent.reset_function")


def test_relative_to_another_directory(project: Path) -> None:
    """``directory`` is where paths and modules are looked for."""
    folder = project / "elsewhere"
    folder.mkdir()
    (folder / "fs_there.py").write_text("word = 'there'\n")
    assert load("fs_there:word", "agent.endpoint", folder) == "there"
    assert load("fs_there.py:word", "agent.endpoint", folder) == "there"


@pytest.mark.parametrize("reference", ["fs_app", "fs_app:", ":invoke", ""])
def test_not_a_reference(reference: str, project: Path) -> None:
    """What has no colon with something on both sides is refused with the accepted form."""
    with pytest.raises(UsageError, match=r"agent\.endpoint: .* is not 'module:attribute'"):
        load(reference, "agent.endpoint")


def test_unknown_module_names_the_nearest(project: Path) -> None:
    """A missing module is told with the nearest one of the directory."""
    (project / "fs_application.py").write_text("")
    with pytest.raises(UsageError, match=r"no module 'fs_aplication', did you mean 'fs_application'\?"):
        load("fs_aplication:invoke", "agent.endpoint")


def test_unknown_module_with_nothing_near(project: Path) -> None:
    """Without a near name the message still says where it was looked for."""
    with pytest.raises(UsageError, match=r"no module 'zzqqxx'\. It was looked for in"):
        load("zzqqxx.sub:invoke", "agent.endpoint")


def test_unknown_file_names_the_nearest(project: Path) -> None:
    """A missing file is told with the nearest one beside it."""
    (project / "agent.py").write_text("")
    with pytest.raises(UsageError, match=r"no file .*agnet\.py, did you mean 'agent\.py'\?"):
        load("agnet.py:invoke", "agent.endpoint")


def test_path_that_is_no_python_file(project: Path) -> None:
    """A file that Python cannot load is named."""
    (project / "notes.txt").write_text("")
    with pytest.raises(UsageError, match=r"notes\.txt is not a Python file"):
        load("./notes.txt:invoke", "agent.endpoint")


def test_unknown_attribute_names_the_nearest(project: Path) -> None:
    """The nearest attribute is suggested; without one, those that exist are listed."""
    (project / "fs_app.py").write_text("def invoke(prompt): ...\n")
    with pytest.raises(
        UsageError, match=r"module 'fs_app' has no attribute 'invok', did you mean 'invoke'\?"
    ):
        load("fs_app:invok", "agent.endpoint")
    with pytest.raises(UsageError, match=r"has no attribute 'zzz'\. It has: invoke"):
        load("fs_app:zzz", "agent.endpoint")


def test_attribute_that_raises(project: Path) -> None:
    """An attribute whose getter raises is a broken module, told with its traceback."""
    (project / "fs_app.py").write_text("def __getattr__(name):\n    raise RuntimeError('lazy ' + name)\n")
    with pytest.raises(UsageError, match="failed with RuntimeError: lazy invoke"):
        load("fs_app:invoke", "agent.endpoint")


@pytest.mark.parametrize("reference", ["fs_app:invoke", "fs_app.py:invoke"])
def test_error_inside_the_module_shows_its_own_lines(reference: str, project: Path) -> None:
    """The message has the line of the user's file that failed, and no line of flakestorm."""
    (project / "fs_app.py").write_text("value = 1 / 0\n")
    with pytest.raises(UsageError) as caught:
        load(reference, "agent.endpoint")
    text = str(caught.value)
    assert "failed with ZeroDivisionError: division by zero" in text
    assert 'fs_app.py", line 1' in text
    assert "loading.py" not in text
    assert "importlib" not in text


def test_syntax_error_shows_file_and_line(project: Path) -> None:
    """A syntax error has no frame of its own, but is told with its place."""
    (project / "fs_app.py").write_text("x = 1\ndef broken(:\n")
    with pytest.raises(UsageError) as caught:
        load("fs_app:x", "agent.endpoint")
    assert 'fs_app.py", line 2' in str(caught.value)


def test_missing_dependency_of_the_module_is_told_apart(project: Path) -> None:
    """A package that the user's module imports is not confused with the module itself."""
    (project / "fs_app.py").write_text("import zzqq_not_there\n")
    with pytest.raises(UsageError, match="Is the package that has 'zzqq_not_there' installed"):
        load("fs_app:x", "agent.endpoint")


def test_module_that_exits_at_import(project: Path) -> None:
    """``sys.exit`` at import is an error with advice, and not the end of flakestorm."""
    (project / "fs_app.py").write_text("import sys\nsys.exit(4)\n")
    with pytest.raises(UsageError, match="if __name__ == '__main__'"):
        load("fs_app.py:x", "agent.endpoint")
    assert "fs_app" not in sys.modules
