"""Cassettes in memory and on disk: what is played, in which order, and what is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.errors import UsageError
from flakestorm.replay.cassette import Cassette, Mode, NotInCassette
from flakestorm.replay.cassette_file import Head, read_cassette, write_cassette
from flakestorm.replay.recorded_call import Answered, Asked, Entry

HEAD = Head("2026-01-01T00:00:00+00:00", "flakestorm 0", "agent")
ENTRIES = st.lists(
    st.builds(
        Entry,
        key=st.text("0123456789abcdef", min_size=1, max_size=8),
        trial=st.text(max_size=8),
        occurrence=st.integers(0, 9),
        request=st.sampled_from(['{"kind":"llm","name":"small"}', '{"kind":"tool","name":"ö"}']),
        answer=st.builds(
            Answered,
            status=st.integers(0, 599),
            headers=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=2).map(tuple),
            chunks=st.lists(st.tuples(st.just(1.5), st.binary(max_size=12)), max_size=3).map(tuple),
            latency_ms=st.sampled_from([0.0, 12.5]),
            ended=st.sampled_from(["", "cut", "left"]),
        ),
    ),
    max_size=4,
)


def asked(text: str, kind: str = "llm") -> Asked:
    """A call that says ``text``."""
    return Asked(kind, "small", "openai", "POST", "http://llm/v1/chat/completions", {}, text.encode())


def answered(text: str, latency_ms: float = 0.0) -> Answered:
    """An answer that says ``text``, its one chunk a while after its head."""
    return Answered(200, (), ((latency_ms, text.encode()),), latency_ms)


def recorded(path: Path, calls: dict[str, list[tuple[str, str]]], mode: Mode = Mode.ALL) -> None:
    """A cassette in which each trial made its (question, answer) calls."""
    cassette = Cassette(path, mode)
    for trial, pairs in calls.items():
        take = cassette.take(trial)
        for question, answer in pairs:
            if take.answer(asked(question)) is None:
                take.begin(asked(question))(answered(answer, 100.0))
    cassette.write()


def said(cassette: Cassette, trial: str, *questions: str) -> list[str]:
    """What a trial gets for its questions."""
    take = cassette.take(trial)
    found = [take.answer(asked(question)) for question in questions]
    return ["" if answer is None else answer.body.decode() for answer in found]


@settings(max_examples=60, deadline=None)
@given(entries=ENTRIES)
def test_a_file_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]) -> None:
    """Bytes that are no text as well."""
    path = tmp_path_factory.mktemp("tape") / "tape.jsonl"
    digest = write_cassette(path, HEAD, entries)
    again = read_cassette(path)
    assert (again.head, list(again.entries), again.digest) == (HEAD, entries, digest)


def test_a_trial_gets_its_own_answers(tmp_path: Path) -> None:
    """Each trial the answers that it got, in their order and then the last; others the first trial's."""
    path = tmp_path / "tape.jsonl"
    recorded(path, {"one": [("q", "a"), ("q", "b")], "two": [("q", "c")]})
    cassette = Cassette(path)
    assert said(cassette, "one", "q", "q", "q") == ["a", "b", "b"]
    assert said(cassette, "two", "q", "q") == ["c", "c"]
    assert said(cassette, "three", "q", "q") == ["a", "b"]
    assert said(cassette, "one", "q") == ["a"]
    assert cassette.count.played == 8


def test_a_miss_names_the_nearest(tmp_path: Path) -> None:
    """And the fields in which it differs."""
    path = tmp_path / "tape.jsonl"
    recorded(path, {"one": [('{"temperature": 0, "prompt": "hello"}', "a")]})
    cassette = Cassette(path, Mode.NONE)
    with pytest.raises(NotInCassette, match=r"recorded is one with body.temperature 0 instead of 1\. "):
        said(cassette, "one", '{"temperature": 1, "prompt": "hello"}')
    assert cassette.count.missed == 1


def test_nothing_like_it(tmp_path: Path) -> None:
    """A call of another kind has no nearest one."""
    path = tmp_path / "tape.jsonl"
    recorded(path, {"one": [("q", "a")]})
    with pytest.raises(NotInCassette, match="and nothing like it is"):
        Cassette(path, Mode.NONE).take("one").answer(asked("q", "tool"))


def test_another_date_is_found_all_the_same(tmp_path: Path) -> None:
    """For models, and counted; a tool is asked for that date and no other."""
    path = tmp_path / "tape.jsonl"
    recorded(path, {"one": [("Today is 2026-11-22", "a")]})
    cassette = Cassette(path, Mode.NONE)
    assert said(cassette, "one", "Today is 2026-11-23") == ["a"]
    assert cassette.count.loosely == 1
    with pytest.raises(NotInCassette):
        cassette.take("one").answer(asked("Today is 2026-11-23", "tool"))


def test_new_adds_what_is_missing(tmp_path: Path) -> None:
    """And keeps what was there."""
    path = tmp_path / "tape.jsonl"
    recorded(path, {"one": [("q", "a")]})
    recorded(path, {"one": [("q", "other"), ("r", "b")]}, Mode.NEW)
    assert said(Cassette(path), "one", "q", "r") == ["a", "b"]
    recorded(path, {"one": [("r", "c")]}, Mode.ALL)
    assert [entry.answer.body for entry in read_cassette(path).entries] == [b"c"]


@pytest.mark.parametrize(
    ("mode", "left"), [(Mode.ONCE, ["a"]), (Mode.NEW, ["a"]), (Mode.ALL, [""]), (Mode.NONE, None)]
)
def test_an_interrupted_recording_is_taken_over(tmp_path: Path, mode: Mode, left: list[str] | None) -> None:
    """Except where everything is to be recorded anew, or nothing."""
    path = tmp_path / "tape.jsonl"
    take = Cassette(path).take("one")
    for answer in ("first", "a"):
        take.begin(asked("q"))(answered(answer))
    assert not path.exists()
    if left is None:
        with pytest.raises(UsageError, match="no cassette"):
            Cassette(path, mode)
        return
    later = Cassette(path, mode)
    assert later.recovered == len("".join(left))
    assert said(later, "one", "q") == left
    later.take("two").begin(asked("r"))(answered("b"))
    later.write()
    assert [entry.answer.body.decode() for entry in read_cassette(path).entries] == [*filter(None, left), "b"]
    assert [file.name for file in tmp_path.iterdir()] == ["tape.jsonl"]


def test_what_is_written_is_not_taken_over_again(tmp_path: Path) -> None:
    """A kill may come when the cassette is there, and what was kept beside it is not gone yet."""
    path = tmp_path / "tape.jsonl"
    take = Cassette(path).take("one")
    for answer in ("a", "b"):
        assert take.answer(asked("q")) is None
        take.begin(asked("q"))(answered(answer))
    part = tmp_path / "tape.jsonl.part"
    left = part.read_bytes()
    assert Cassette(path).write() is not None
    assert not part.exists()
    part.write_bytes(left)
    again = Cassette(path, Mode.NEW)
    assert again.recovered == 0
    assert said(again, "one", "q", "q") == ["a", "b"]


def test_only_the_last_attempt_is_kept(tmp_path: Path) -> None:
    """A trial that was tried again is played as it went in the end."""
    cassette = Cassette(tmp_path / "tape.jsonl", Mode.ONCE)
    for answer in ("first", "second"):
        take = cassette.take("one")
        assert take.answer(asked("q")) is None
        take.begin(asked("q"))(answered(answer))
    cassette.take("one")
    written = cassette.write()
    assert written is not None
    assert [entry.answer.body for entry in written.entries] == [b"second"]
    assert written.kinds == {"llm": 1}


@pytest.mark.parametrize(("speed", "waits"), [(0.0, 0.0), (1.0, 100.0), (2.0, 50.0)])
def test_answers_come_as_fast_as_wished(tmp_path: Path, speed: float, waits: float) -> None:
    """At once by default."""
    path = tmp_path / "tape.jsonl"
    recorded(path, {"one": [("q", "a")]})
    found = Cassette(path, speed=speed).take("one").answer(asked("q"))
    assert found is not None
    assert (found.latency_ms, found.chunks[0][0]) == (waits, waits)


def test_a_cassette_that_only_plays_writes_nothing(tmp_path: Path) -> None:
    """And one in which nothing was recorded leaves no file."""
    path = tmp_path / "tape.jsonl"
    assert Cassette(path, Mode.ALL).write() is not None
    assert not path.exists()
    recorded(path, {"one": [("q", "a")]})
    before = path.read_bytes()
    assert Cassette(path).write() is None
    assert path.read_bytes() == before


def test_base64_that_is_none_is_told(tmp_path: Path) -> None:
    """With its line, as any damage."""
    path = tmp_path / "tape.jsonl"
    recorded(path, {"one": [("q", "a")]})
    path.write_text(path.read_text("utf-8").replace('"a"]', '{"base64":"§"}]'), "utf-8")
    with pytest.raises(UsageError, match="is damaged in line 2"):
        read_cassette(path)
