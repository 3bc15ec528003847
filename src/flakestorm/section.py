"""What the sections of the configuration have in common."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationInfo, model_validator


class Section(BaseModel):
    """Frozen; an unknown key is an error."""

    # Built when they are used: most runs use few of the sections.
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)


class PlacedSection(Section):
    """A section with relative paths in it.

    They start at ``directory``, the folder of the configuration file; it is the entry of that name in the
    validation context, and without one the current folder.
    """

    _directory: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _placed(self, info: ValidationInfo) -> PlacedSection:
        self._directory = Path((info.context or {}).get("directory", "."))
        return self

    @property
    def directory(self) -> Path:
        """Where relative paths start."""
        return self._directory
