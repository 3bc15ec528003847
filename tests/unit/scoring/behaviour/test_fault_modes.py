"""The names of faults as calls have them."""

from __future__ import annotations

import pytest

from flakestorm.chaos.modes import ATTACK_TYPES, LLM_MODES, TOOL_MODES
from flakestorm.scoring.behaviour import fault_modes
from flakestorm.scoring.behaviour.fault_modes import mode_of


@pytest.mark.parametrize("name", ["error", "tool:error", "tool: error", "error 503"])
def test_mode_of_a_fault(name: str) -> None:
    """However it is told apart from others."""
    assert mode_of(name) == "error"


def test_every_mode_exists() -> None:
    """A mode that is judged here is one that can be configured."""
    judged = frozenset().union(
        *(
            getattr(fault_modes, name)
            for name in ("DELAYS", "TRUNCATING", "CORRUPTING", "INJECTING", "DELIVERED")
        )
    )
    assert judged <= {*LLM_MODES, *TOOL_MODES, *ATTACK_TYPES}
