"""What a wrong file is told: the whole message of each sample, beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.core.config import FlakeStormConfig, load_config
from flakestorm.core.config_errors import MOST_SHOWN, Place, Problem, config_error
from flakestorm.model.errors import ConfigError

FILES = Path(__file__).parent / "config_files"
BAD = sorted((FILES / "bad").glob("*.yaml"))
SAMPLES = [path.read_text("utf-8") for path in sorted((FILES / "good").glob("*.yaml"))]
ENVIRONMENT = {"SUPPORT_TOKEN": "s3cr3t-token", "TIMEOUT": "soon"}
START = 'agent: {endpoint: "http://localhost/"}\ninvariants: [{type: output_not_empty}]\n'


def message_of(text: str, name: str = "flakestorm.yaml") -> str:
    """What loading the text ends with."""
    with pytest.raises(ConfigError) as caught:
        FlakeStormConfig.from_yaml(text, name, ENVIRONMENT)
    return str(caught.value)


def without_lists(message: str) -> str:
    """The message without lists of what is accepted: those grow with every new type and key."""
    return re.sub(r"\b(Accepted|Keys|Known|known): \S+, [^\n]*", r"\1: …", message)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_messages(path: Path) -> None:
    """Every problem of the file, with its line, the value seen and what is accepted."""
    message = message_of(path.read_text("utf-8"), path.name)
    expected = path.with_suffix(".txt").read_text("utf-8").rstrip("\n")
    assert without_lists(message) == expected


def test_what_is_accepted_is_listed() -> None:
    """An unknown key is answered with all keys of its section."""
    message = message_of(START + "golden_prompts: [a]\noutput: {pth: x}")
    assert "unknown key 'pth', did you mean 'path'? Accepted: format, path, filename_template" in message


def test_a_literal_key_is_not_repeated() -> None:
    """Neither the message nor its excerpt shows the key that should not have been in the file."""
    assert "nobody-may-see" not in message_of((FILES / "bad" / "literal_key.yaml").read_text("utf-8"))


def test_secrets_from_the_environment_are_not_shown() -> None:
    """A wrong value that came from a secret variable appears as the variable."""
    message = message_of(START + 'golden_prompts: [a]\nadvanced: {seed: "${SUPPORT_TOKEN}"}')
    assert "s3cr3t" not in message
    assert "'${SUPPORT_TOKEN}' is not a whole number" in message


def test_secret_places_show_no_value() -> None:
    """A wrong value in a header is not repeated, whatever it is."""
    message = message_of(
        "agent: {endpoint: 'http://x/', headers: {X-Key: [abc-secret]}}\ngolden_prompts: [a]"
    )
    assert "agent.headers.X-Key: text is needed here, not the value" in message
    assert "abc-secret" not in message


def test_many_problems_are_counted() -> None:
    """A file with thousands of problems ends with how many more there are, in reasonable time."""
    message = message_of(START + "golden_prompts:\n" + "  - ''\n" * 3000)
    assert message.startswith("flakestorm.yaml: 3,000 problems")
    assert message.endswith(f"… and {3000 - MOST_SHOWN:,} more")


def test_long_lines_are_cut_around_the_place() -> None:
    """The excerpt of a line that is far too long shows what is around the mistake."""
    text = START + "golden_prompts: [" + "a, " * 1000 + "'', " + "b, " * 1000 + "c]"
    excerpt = message_of(text).splitlines()[-2:]
    assert len(excerpt[0]) < 120
    start = excerpt[1].index("^")
    assert excerpt[0][start : start + 2] == "''"


def test_control_characters_never_reach_the_terminal() -> None:
    """Escape sequences and direction marks in keys and lines are replaced."""
    problem = Problem("x", ("a\x1b[31m",), Place(1, 1))
    error = str(config_error("f", ["k\x1b[31m\u202e: 1"], [problem]))
    assert "\x1b" not in error
    assert "\u202e" not in error


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda folder: folder, r"is a folder, not a configuration file\. .flakestorm init "),
        (lambda folder: folder / "flakestorm.yml", r"flakestorm\.yml does not exist\. 'flakestorm init'"),
        (lambda folder: folder / "no" / "where.yaml", "neither does its folder"),
        (lambda folder: folder / "a\0b", "cannot be read"),
    ],
)
def test_files_that_are_not_there(tmp_path: Path, make: object, expected: str) -> None:
    """A missing file, a folder and an impossible name are told apart."""
    with pytest.raises(ConfigError, match=expected):
        load_config(make(tmp_path))  # type: ignore[operator]  # the table holds functions


def test_the_nearest_file_is_named(tmp_path: Path) -> None:
    """A misspelt name is answered with the file that is there, another with all of them."""
    (tmp_path / "flakestorm.yaml").write_text("x")
    with pytest.raises(ConfigError, match=r"did you mean 'flakestorm\.yaml'\?"):
        load_config(tmp_path / "flakstorm.yaml")
    with pytest.raises(ConfigError, match=r"YAML files there: flakestorm\.yaml"):
        load_config(tmp_path / "zzz")
    with pytest.raises(ConfigError, match=r"Did you mean .*flakestorm\.yaml\?"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: \xff", r":1: not UTF-8 \(byte 0xff\)"),
        (b"a: b\n" * 3 + b"\xc3(", r":4: not UTF-8 \(byte 0xc3\)"),
        ("a: 1".encode("utf-16"), "is UTF-16 text"),
        (b"PK\x03\x04\0\0", "is a binary file"),
        (b"a: 1\n" * 1_000_001, "has more than 5,000,000 bytes"),
    ],
)
def test_files_that_are_not_text(tmp_path: Path, data: bytes, expected: str) -> None:
    """Binary files, other encodings and huge files are refused with the reason."""
    path = tmp_path / "flakestorm.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=expected):
        load_config(path)


def test_a_byte_order_mark_is_fine(tmp_path: Path) -> None:
    """Editors on Windows put one at the start."""
    path = tmp_path / "flakestorm.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (START + "golden_prompts: [a]").encode())
    assert load_config(path).golden[0].text == "a"


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
KEYS = (
    "agent endpoint type headers model provider api_key mutations types weights golden_prompts prompt turns "
    "invariants value on chaos tool_faults mode context_attacks contract replays sessions scoring weights "
    "output format advanced seed version assert"
)
names = st.sampled_from(KEYS.split())
documents = st.dictionaries(
    names,
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=5), inner, max_size=4)
        ),
        max_leaves=8,
    ),
    max_size=6,
)


def loads_or_is_refused(text: str) -> None:
    """Loading gives a configuration or a ``ConfigError``, nothing else."""
    try:
        outcome = FlakeStormConfig.from_yaml(text, environment=ENVIRONMENT).to_yaml()
    except ConfigError as error:
        outcome = str(error)
    assert outcome


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:- \n\t{}[],&*!|>'\"#%@`?\x00\u2028\ud800é${~", max_size=60))
def test_any_text_loads_or_is_refused(text: str) -> None:
    """Whatever the characters, nothing but ConfigError comes out."""
    loads_or_is_refused(text)


@settings(max_examples=150, deadline=None)
@given(documents)
def test_any_values_load_or_are_refused(document: dict[str, object]) -> None:
    """Whatever the values of known keys, nothing but ConfigError comes out."""
    import yaml

    loads_or_is_refused(yaml.safe_dump(document, allow_unicode=True))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_any_damage_loads_or_is_refused(sample: str, data: st.DataObject) -> None:
    """A good file with a piece cut out or put in elsewhere loads or is refused."""
    start = data.draw(st.integers(0, len(sample)))
    end = data.draw(st.integers(start, min(len(sample), start + 40)))
    piece = data.draw(
        st.sampled_from(["", "x", "'", ": ", "\n- ", "{", "}", "[", "null", "-1", "${", "&a ", "*a"])
    )
    loads_or_is_refused(sample[:start] + piece + sample[end:])
