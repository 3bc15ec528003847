"""The files that ``init`` writes: the configuration, and the schema that editors check it with."""

from __future__ import annotations

import json
from pathlib import Path

from flakestorm.core.config_schema import json_schema
from flakestorm.core.config_template import SCHEMA_PATH, config_template
from flakestorm.model.errors import UsageError, WorkError


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
