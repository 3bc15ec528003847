"""Configuration files that are none, and values that cannot be meant: exit code 2, every problem at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Refused = Callable[..., str]

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 12)]
)

MANY = """
agent: {endpoint: "localhost:8000/chat", headers: 5}
agent: {endpoint: "http://localhost:8000/"}
golden_prompts: ["", 7]
invariants: [{type: regex, pattern: "("}, {type: contans, value: refund}]
mutatons: {}
"""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", ["the file is empty", "flakestorm init"]),
        (bytes(range(256)) * 8, ["a binary file", "YAML in UTF-8"]),
        (b"#" * 5_000_001, ["more than 5,000,000 bytes"]),
        (BOMB.encode(), ["bad.yaml:6", "more than 500,000 values, aliases included"]),
    ],
    ids=["empty", "binary", "huge", "bomb"],
)
def test_files_that_are_no_configuration(
    refused: Refused, project: Path, data: bytes, said: list[str]
) -> None:
    """The message has the file, the line where there is one, and what a configuration is."""
    (project / "bad.yaml").write_bytes(data)
    message = refused("verify", "-c", "bad.yaml", code=2)
    assert "bad.yaml" in message
    assert all(part in message for part in said), message


def test_every_problem_is_told_at_once(refused: Refused, project: Path) -> None:
    """With its line, the value that was seen, and the nearest thing that would be accepted."""
    (project / "many.yaml").write_text(MANY, encoding="utf-8")
    message = refused("run", "-c", "many.yaml", code=2)
    for part in (
        "many.yaml: 8 problems",
        "did you mean 'http://localhost:8000/chat'?",
        "agent.headers: a mapping (key: value) is needed here, not 5",
        "the key 'agent' is given twice; the first is in line 2",
        "golden_prompts[0]: the prompt is blank",
        "golden_prompts[1]: a prompt is text (a number needs quotes)",
        "not a regular expression",
        "did you mean 'contains'?",
        "did you mean 'mutations'?",
    ):
        assert part in message, message
    assert not (project / ".flakestorm").exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (".", ["is a folder", "Did you mean flakestorm.yaml?"]),
        ("flakestorm.yml", ["flakestorm.yml does not exist, did you mean 'flakestorm.yaml'?"]),
        ("/dev/zero", ["/dev/zero has more than 5,000,000 bytes"]),
    ],
)
def test_paths_that_name_no_configuration(refused: Refused, path: str, said: list[str]) -> None:
    """The message has the path, and what was probably meant."""
    message = refused("run", "-c", path, code=2)
    assert all(part in message for part in said), message


def test_windows_line_ends_and_a_byte_order_mark_are_fine(
    refused: Refused, project: Path, report: Callable[[], dict[str, dict[str, int]]]
) -> None:
    """An editor's habits are no mistake."""
    text = (project / "flakestorm.yaml").read_text(encoding="utf-8")
    data = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    (project / "flakestorm.yaml").write_bytes(data)
    refused("run", code=0)
    assert report()["totals"]["passed"] == 7
