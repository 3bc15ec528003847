"""Makes the package of planted agents importable: tests cannot import their neighbours by themselves."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
