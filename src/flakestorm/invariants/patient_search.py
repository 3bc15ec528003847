"""A search that may take for ever, in a process that can be killed: the only way to stop Python's ``re``."""

from __future__ import annotations

import json
import subprocess
import sys

DEADLINE_S = 3.0
"""Seconds for one search, the start of the process (some 20 ms) included."""

PROGRAM = """
import json, re, sys
task = json.load(sys.stdin)
found = []
for match in re.compile(task["pattern"], task["flags"]).finditer(task["text"]):
    found.append(match.span())
    if len(found) >= task["most"]:
        break
json.dump(found, sys.stdout)
"""


def search_in_process(
    pattern: str, flags: int, text: str, most: int, deadline_s: float | None = None
) -> list[tuple[int, int]]:
    """The first ``most`` spans of ``pattern`` in ``text``; ``TimeoutError`` after ``deadline_s`` seconds.

    Raises ``RuntimeError`` when the process itself fails. Blocks the calling thread.
    """
    deadline_s = DEADLINE_S if deadline_s is None else deadline_s
    task = json.dumps({"pattern": pattern, "flags": flags, "text": text, "most": most})
    # -I and -S: nothing of the user's environment is read, and the start is fast.
    command = [sys.executable, "-I", "-S", "-W", "ignore", "-c", PROGRAM]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and program; the user's text goes to stdin
            command, input=task.encode("ascii"), capture_output=True, timeout=deadline_s, check=True
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(
            f"the pattern {pattern!r} was still searching a reply of {len(text)} characters after "
            f"{deadline_s:g} s; write it without a repetition inside a repetition, such as (a+)+"
        ) from None
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise RuntimeError(f"searching for {pattern!r} failed: {''.join(last)}") from None
    return [(start, end) for start, end in json.loads(done.stdout)]
