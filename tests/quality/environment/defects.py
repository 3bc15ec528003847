"""All planted agents: importing the modules that define them fills the list."""

from __future__ import annotations

import environment.model_defects
import environment.tool_defects  # noqa: F401 - the same
from environment.planting import CORRECT, PLANTED, Planted

__all__ = ["CORRECT", "PLANTED", "Planted"]
