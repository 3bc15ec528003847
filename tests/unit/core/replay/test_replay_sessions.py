"""Session files: every form loads, and for every mistake there is one message that says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.core import replay_sessions
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.config_text import literal_yaml
from flakestorm.core.replay_sessions import load_sessions, read_session_file
from flakestorm.model.errors import ConfigError, UsageError

ONE = {"id": "a", "input": "Hello?"}
BASE = "agent: {endpoint: 'http://localhost:1/x'}\ngolden_prompts: [x]\ninvariants: [{type: completes}]\n"


def write(path: Path, data: Any) -> Path:
    """``data`` as YAML, or a text as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data if isinstance(data, str) else literal_yaml(data), "utf-8")
    return path


def config(folder: Path, replays: Any = None) -> FlakeStormConfig:
    """A configuration in ``folder``."""
    from flakestorm.core.config import load_config

    text = BASE if replays is None else BASE + literal_yaml({"replays": replays})
    return load_config(write(folder / "flakestorm.yaml", text))


def test_every_place(tmp_path: Path) -> None:
    """Inline, in a file, several in a file, in a folder; what is said nearer to the top counts more."""
    write(tmp_path / "s/one.yaml", {**ONE, "name": "inside", "contract": "c.yaml"})
    write(
        tmp_path / "s/two.json",
        json.dumps({"sessions": [{"file": "one.yaml", "id": "b"}, {**ONE, "id": "c"}]}),
    )
    write(tmp_path / "s/notes.txt", "no session")
    found = load_sessions(
        config(tmp_path, {"sessions": [{"file": "s/one.yaml", "name": "above"}, {"id": "d", "input": "x"}]})
    )
    assert [(s.id, s.name) for s in found] == [("a", "above"), ("d", "")]
    assert (found[0].contract, found[0].folder) == ("c.yaml", tmp_path / "s")
    in_folder = load_sessions(config(tmp_path), tmp_path / "s")
    assert [session.id for session in in_folder] == ["a", "b", "c"]


def test_a_contract_named_above(tmp_path: Path) -> None:
    """Its path starts where it is written."""
    write(tmp_path / "s/one.yaml", {**ONE, "contract": "c.yaml"})
    (found,) = load_sessions(config(tmp_path, {"sessions": [{"file": "s/one.yaml", "contract": "d.yaml"}]}))
    assert (found.contract, found.folder) == ("d.yaml", tmp_path)


@pytest.mark.parametrize(
    ("context", "turns"),
    [
        (None, ()),
        ("earlier", ("earlier",)),
        (["one", "two"], ("one", "two")),
        ([{"role": "user", "content": "one"}, {"role": "assistant", "content": "no"}], ("one",)),
        ({"messages": [{"role": "human", "content": "one"}], "user_id": 3}, ("one",)),
        ({"user_id": 3}, ()),
    ],
)
def test_what_was_said_before(tmp_path: Path, context: Any, turns: tuple[str, ...]) -> None:
    """The user's words are earlier turns."""
    path = write(tmp_path / "a.yaml", {**ONE, "context": context})
    (session,) = load_sessions(config(tmp_path), path)
    assert session.turns == (*turns, "Hello?")


def test_variables_are_not_replaced(tmp_path: Path) -> None:
    """What was recorded cannot read the environment."""
    path = write(tmp_path / "a.yaml", {**ONE, "input": "${HOME} and ${NOT_SET}"})
    (session,) = load_sessions(config(tmp_path), path)
    assert session.turns == ("${HOME} and ${NOT_SET}",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.yaml is empty; a session file is a mapping"),
        ("   \n", "is empty"),
        ("- 1", "this is a list; a session file is a mapping"),
        ("just text", "this is 'just text'"),
        ("version: '2.0'\nid: a\ninput: x", "version: '2.0' is not a version .* written by a later one"),
        ("id: a\ninptu: x", "unknown key 'inptu', did you mean 'input'"),
        ("id: a", "missing: input"),
        ("sessions: []", "at least 1|empty"),
        ("id: a\ninput: x\ntool_responses: [{tool: t, status: -1}]", r"tool_responses\[0\].status"),
        ("id: a\ninput: x\ncontext: [{role: user}]", r"context\[0\]: a mapping is no message"),
        ("id: [", "a.yaml:"),
        ("id: a\nid: b\ninput: x", "given twice"),
        ("\0\0", "not allowed"),
    ],
)
def test_a_wrong_file(tmp_path: Path, text: str, message: str) -> None:
    """Said with the file and what is accepted."""
    path = write(tmp_path / "a.yaml", text)
    with pytest.raises(ConfigError, match=message) as refusal:
        load_sessions(config(tmp_path), path)
    assert "a.yaml" in str(refusal.value)


def test_no_file_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, a folder, empty, not UTF-8, not JSON, huge."""
    there = config(tmp_path, {"sessions": [{"file": "refnud.yaml"}]})
    write(tmp_path / "refund.yaml", ONE)
    with pytest.raises(ConfigError, match=r"sessions.0.*does not exist, did you mean 'refund.yaml'"):
        load_sessions(there)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=r"the folder .* has no session files"):
        load_sessions(there, tmp_path / "folder")
    with pytest.raises(ConfigError, match="is a folder, not a session file"):
        read_session_file(tmp_path / "folder")
    (tmp_path / "latin.yaml").write_bytes(b"id: a\ninput: caf\xe9")
    with pytest.raises(ConfigError, match=r"latin.yaml:2: not UTF-8 \(byte 0xe9\)"):
        read_session_file(tmp_path / "latin.yaml")
    with pytest.raises(ConfigError, match=r"a.json:1:8: not JSON"):
        read_session_file(write(tmp_path / "a.json", '{"id": a}'))
    with pytest.raises(ConfigError, match="empty"):
        read_session_file(write(tmp_path / "b.json", ""))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_session_file(Path("a\0b.yaml"))
    monkeypatch.setattr(replay_sessions, "LARGEST", 10)
    with pytest.raises(ConfigError, match="more than 10 bytes, so it is hardly one session"):
        read_session_file(tmp_path / "refund.yaml")


def test_circles(tmp_path: Path) -> None:
    """Files that name each other, or themselves, are told with the way round."""
    write(tmp_path / "a.yaml", {"sessions": [{"file": "b.yaml"}]})
    write(tmp_path / "b.yaml", {"sessions": [{"file": "a.yaml"}]})
    with pytest.raises(ConfigError, match=r"in a circle: a.yaml → b.yaml → a.yaml"):
        load_sessions(config(tmp_path), tmp_path / "a.yaml")
    write(tmp_path / "c.yaml", {"file": "c.yaml"})
    with pytest.raises(ConfigError, match=r"in a circle: c.yaml → c.yaml"):
        load_sessions(config(tmp_path), tmp_path / "c.yaml")


def test_a_long_chain(tmp_path: Path) -> None:
    """Files that lead on and on end somewhere."""
    for number in range(30):
        write(tmp_path / f"{number}.yaml", {"file": f"{number + 1}.yaml"})
    with pytest.raises(ConfigError, match="more than 20 deep"):
        load_sessions(config(tmp_path), tmp_path / "0.yaml")


def test_ids(tmp_path: Path) -> None:
    """The same id twice, and one id for several sessions."""
    write(tmp_path / "a.yaml", ONE)
    write(tmp_path / "b.yaml", {"sessions": [ONE, {**ONE, "id": "z"}]})
    with pytest.raises(UsageError, match=r"two sessions have the id 'a': .*a.yaml and .*b.yaml"):
        load_sessions(config(tmp_path, {"sessions": [{"file": "a.yaml"}, {"file": "b.yaml"}]}))
    with pytest.raises(ConfigError, match=r"cannot be that of the 2 sessions in b.yaml"):
        load_sessions(config(tmp_path, {"sessions": [{"file": "b.yaml", "id": "q"}]}))


def test_none(tmp_path: Path) -> None:
    """Where there are no sessions, it is said where they would be."""
    with pytest.raises(UsageError, match=r"no recorded sessions. Write them under replays.sessions"):
        load_sessions(config(tmp_path))


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(min_size=1, max_size=40),
    response=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, text: str, response: Any) -> None:
    """Any text and any JSON value, as YAML that flakestorm writes and as JSON that others write."""
    folder = tmp_path_factory.mktemp("s")
    data = {
        "version": "1.0",
        "id": "a",
        "input": text,
        "tool_responses": [{"tool": "t", "response": response}],
    }
    for name, written in (("a.yaml", literal_yaml(data)), ("a.json", json.dumps(data))):
        (folder / name).write_text(written, "utf-8")
        (session,) = read_session_file(folder / name)
        assert session.input == text
        assert session.tool_responses[0].response == response
