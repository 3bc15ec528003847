"""Reads the text of a configuration file, or says why that is impossible."""

from __future__ import annotations

from pathlib import Path

from flakestorm.model.errors import ConfigError
from flakestorm.model.nearest import did_you_mean

LARGEST = 5_000_000
"""Bytes. A configuration is written by hand; whatever is larger was named by mistake."""

ENDINGS = (".yaml", ".yml")


def read_config_text(path: Path, usual_name: str) -> str:
    """The text of the file. Raises ``ConfigError`` for a file that is missing, a folder, or no text."""
    try:
        if path.is_dir():
            inside = path / usual_name
            hint = (
                f"Did you mean {inside}?"
                if inside.exists()
                else f"'flakestorm init {path}' writes one into it."
            )
            raise ConfigError(f"{path} is a folder, not a configuration file. {hint}")
        with path.open("rb") as file:
            # Not by its size: a device such as /dev/zero has none, and never ends.
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ConfigError(
                f"{path} has more than {LARGEST:,} bytes, so it is hardly a configuration. "
                "Name another file with -c, or put less into this one."
            )
    except FileNotFoundError:
        raise ConfigError(_missing(path)) from None
    except (OSError, ValueError) as error:
        # ValueError: a NUL in the name.
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{str(path)!r} cannot be read: {reason}") from None
    return _decoded(data, path)


def _decoded(data: bytes, path: Path) -> str:
    if b"\0" in data[:4096]:
        kind = "UTF-16 text" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "a binary file"
        raise ConfigError(f"{path} is {kind}; a configuration is YAML in UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x}); save the file as UTF-8."
        ) from None


def _missing(path: Path) -> str:
    try:
        others = sorted(entry.name for entry in path.parent.iterdir() if entry.suffix in ENDINGS)
    except OSError:
        return f"{path} does not exist, and neither does its folder."
    near = did_you_mean(path.name, others)
    if near or not others:
        return f"{path} does not exist{near or '.'} 'flakestorm init' writes one to start from."
    return (
        f"{path} does not exist. YAML files there: {', '.join(others[:10])}. "
        "'flakestorm init' writes one to start from."
    )
