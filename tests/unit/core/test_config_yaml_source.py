"""YAML as plain values with places: scalars of YAML 1.2, aliases, merge keys, limits."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.core.config_errors import Place
from flakestorm.core.config_text import yaml_text
from flakestorm.core.secret_values import Secrets
from flakestorm.core.yaml_scalars import plain, tagged
from flakestorm.core.yaml_source import DEEPEST, parse_yaml
from flakestorm.model.errors import ConfigError


def value_of(text: str) -> object:
    """The plain value of a YAML text."""
    return parse_yaml(text, "file.yaml").value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("on", "on"),
        ("no", "no"),
        ("y", "y"),
        ("12", 12),
        ("-3", -3),
        ("007", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.inf", -math.inf),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-02-15", "2026-02-15"),
        ("9" * 5000, "9" * 5000),
        (".", "."),
        ("e5", "e5"),
    ],
)
def test_unquoted_scalars(text: str, value: object) -> None:
    """The core schema of YAML 1.2, not the booleans, dates and base-60 numbers of 1.1."""
    assert plain(text) == value
    assert type(plain(text)) is type(value)


def test_not_a_number() -> None:
    """NaN is a number that equals nothing."""
    assert math.isnan(plain(".nan"))  # type: ignore[arg-type]  # it is a float


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [("1", "str", "1"), ("1", "float", 1.0), ("1", "int", 1), ("true", "bool", True), ("", "null", None)],
)
def test_tagged_scalars(text: str, tag: str, value: object) -> None:
    """Tags of the core schema are honoured."""
    assert tagged(text, f"tag:yaml.org,2002:{tag}") == value


@pytest.mark.parametrize(
    ("text", "tag"), [("x", "int"), ("true", "float"), ("1", "bool"), ("x", "timestamp")]
)
def test_tags_that_do_not_fit(text: str, tag: str) -> None:
    """A tag that its text does not fit, or that is none of ours, is refused."""
    with pytest.raises(ValueError, match="is not"):
        tagged(text, f"tag:yaml.org,2002:{tag}")


def test_keys_are_always_text() -> None:
    """Whatever a key looks like, it is the text in the file."""
    assert value_of("on: 1\n1: 2\nnull: 3\n1.0: 4\n&a x: 5\n*a : 6") == {
        "on": 1,
        "1": 2,
        "null": 3,
        "1.0": 4,
        "x": 5,
    }


def test_merge_keys_and_aliases() -> None:
    """``<<`` merges one mapping or several; what is written here wins."""
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: [*a, *b]\n  x: 5\nd: {<<: *a}\ne: {'<<': 1}"
    value = value_of(text)
    assert value["c"] == {"x": 5, "y": 2, "z": 4}  # type: ignore[index]  # a mapping
    assert value["d"] == {"x": 1, "y": 2}  # type: ignore[index]  # a mapping
    assert value["e"] == {"<<": 1}  # type: ignore[index]  # a mapping


def test_problems_that_are_not_fatal() -> None:
    """Repeated keys, odd tags and a merge of no mapping are collected, and reading goes on."""
    source = parse_yaml("a: 1\na: 2\nb: !!int x\nc: !<x> [1]\nd: {<<: 3}\ne: 5", "f")
    assert source.value == {"a": 1, "b": "x", "c": [1], "d": {}, "e": 5}
    assert [problem.message for problem in source.problems] == [
        "the key 'a' is given twice; the first is in line 1",
        "'x' is not a YAML int",
        "the tag 'x' is not supported; remove it",
        "'<<' takes a mapping (or a list of them) to merge in",
    ]
    assert [problem.place and problem.place.line for problem in source.problems] == [2, 3, 4, 5]


def test_places_of_keys_and_values() -> None:
    """Lines and columns count from 1; a mapping is placed by its key, a scalar by itself."""
    source = parse_yaml("agent:\n  endpoint: here\nlist:\n  - one\n  - {two: 2}\n", "f")
    assert source.locate(("agent", "endpoint")) == (("agent", "endpoint"), Place(2, 13, 4))
    assert source.locate(("agent", "endpoint"), of_key=True)[1] == Place(2, 3, 8)
    assert source.locate(("agent",))[1] == Place(1, 1, 5)
    assert source.locate(("list", 0))[1] == Place(4, 5, 3)
    assert source.locate(("list", 1, "two"))[1] == Place(5, 11, 1)
    assert source.locate(()) == ((), Place(1, 1, 1))


def test_steps_that_are_not_there_are_left_out() -> None:
    """pydantic's names of union members are skipped; a number in a mapping is a position."""
    source = parse_yaml("a: {x: {b: 1}, y: 2}", "f")
    assert source.locate(("a", "union", "x", "b", "str")) == (("a", "x", "b"), Place(1, 12, 1))
    assert source.locate(("a", 1)) == (("a", "y"), Place(1, 19, 1))
    assert source.locate(("a", 7, "nothing"))[0] == ("a",)


def test_nesting_is_limited() -> None:
    """Deep nesting is refused, however deep: the process survives a hundred thousand brackets."""
    assert value_of("[" * DEEPEST + "]" * DEEPEST)
    with pytest.raises(ConfigError, match="nested more than 100 levels"):
        value_of("[" * 100_000)


def test_an_alias_to_itself_is_refused() -> None:
    """A list cannot contain itself."""
    with pytest.raises(ConfigError, match=r"alias \*a has no anchor &a before it"):
        value_of("&a [*a]")


def test_strange_line_breaks_are_counted_as_yaml_does() -> None:
    """NEL and the Unicode line separators end a line, so that places stay right."""
    source = parse_yaml("a: 1\x85b: 2\u2028c: 3\r\nd: 4", "f")
    assert source.locate(("d",))[1].line == 4
    assert len(source.lines) == 4


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_written_text_reads_back(text: str) -> None:
    """Any text survives being written and read, however much it looks like something else."""
    assert value_of(yaml_text({"key": text}, Secrets())) == {"key": text.replace("${", "$${")}


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(alphabet=st.characters(codec="utf-8"), max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4, alphabet="abc:- "), inner)
        ),
        max_leaves=10,
    )
)
def test_agrees_with_the_reference_reader(value: object) -> None:
    """What PyYAML writes is read as PyYAML means it, wherever the two versions of YAML agree."""
    text = yaml.safe_dump(value, allow_unicode=True, default_style='"')
    assert value_of(text) == yaml.safe_load(text)
