"""Puts the demo's configuration into the working folder, so that the commands in its report work there."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path

from flakestorm.model.errors import WorkError

FILE = Path("flakestorm-demo.yaml")
SESSION = Path("flakestorm-demo-session.yaml")
"""The recorded conversation that ``FILE`` names, beside it."""
INTERPRETER = '"python"'
"""Which Python starts the agent, as the packaged file has it."""


def demo_configuration(interpreter: str = sys.executable) -> str:
    """The text of the demo's configuration, with the Python that has flakestorm installed."""
    text = files("flakestorm.demo").joinpath("flakestorm.yaml").read_text("utf-8")
    # A JSON string is a YAML string, too, whatever the path looks like.
    return text.replace(INTERPRETER, json.dumps(interpreter, ensure_ascii=False), 1)


def place_configuration(file: Path = FILE) -> bool:
    """Write the configuration to ``file`` unless there is one; True when it is as flakestorm brings it.

    So is the session that it names, beside it. Raises ``WorkError`` when it cannot be written or read.
    """
    text = demo_configuration()
    try:
        if not file.exists():
            file.write_text(text, "utf-8")
        session = file.with_name(SESSION.name)
        if not session.exists():
            session.write_text(files("flakestorm.demo").joinpath("session.yaml").read_text("utf-8"), "utf-8")
        return file.read_text("utf-8") == text
    except OSError as error:
        raise WorkError(
            f"the demo cannot write {file} here: {error.strerror or error}. Change to a folder of yours and "
            "try again."
        ) from error
