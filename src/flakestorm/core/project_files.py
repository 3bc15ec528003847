"""The files that ``init`` writes: the configuration, the schema that editors check it with, CI's files."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from flakestorm.core.config_schema import json_schema
from flakestorm.core.config_template import SCHEMA_PATH, config_template
from flakestorm.model.errors import UsageError, WorkError
from flakestorm.version import __version__

CI_FILES = {
    "github": ("github.yml", ".github/workflows/flakestorm.yml"),
    "gitlab": ("gitlab.yml", ".gitlab-ci.yml"),
    "jenkins": ("Jenkinsfile", "Jenkinsfile"),
    "pre-commit": ("pre-commit.yml", ".pre-commit-config.yaml"),
}
"""CI system → the template, and where it goes in a project."""


def write_new_config(path: Path, force: bool = False) -> Path:
    """Write a configuration to ``path`` (or into the folder ``path``); returns the file.

    Raises ``UsageError`` when it exists and ``force`` is not given, ``WorkError`` when it cannot be written.
    """
    file = path / "flakestorm.yaml" if path.is_dir() else path
    if file.exists() and not force:
        raise UsageError(f"{file} exists. Give another path, or --force to replace it.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        schema = file.parent / SCHEMA_PATH
        schema.parent.mkdir(parents=True, exist_ok=True)
        schema.write_text(json.dumps(json_schema(), indent=1), encoding="utf-8")
        file.write_text(config_template(), encoding="utf-8")
    except OSError as error:
        raise WorkError(f"{file} could not be written: {error.strerror or error}") from error
    return file


def ci_file(system: str) -> str:
    """The text of the file with which ``system`` (a key of ``CI_FILES``) runs this version."""
    template = files("flakestorm") / "templates" / "ci" / CI_FILES[system][0]
    # No formatting: these files are full of braces of their own.
    return template.read_text(encoding="utf-8").replace("{version}", __version__)


def write_ci_file(system: str, path: Path, force: bool = False) -> Path:
    """Write it into the project of the configuration ``path`` (a file or a folder); returns the file.

    Raises as ``write_new_config``.
    """
    file = (path if path.is_dir() else path.parent) / CI_FILES[system][1]
    if file.exists() and not force:
        raise UsageError(
            f"{file} exists, and may do other work as well. Give --force to replace it, or put what is "
            "needed into it by hand: docs/ci.md has it."
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(ci_file(system), encoding="utf-8")
    except OSError as error:
        raise WorkError(f"{file} could not be written: {error.strerror or error}") from error
    return file
