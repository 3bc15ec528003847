"""The list of the guard program."""

from __future__ import annotations

from flakestorm.agents.orphan_guard import groups_left


def test_groups_that_are_left() -> None:
    """What was added and not taken off is left; taking off an unknown one is nothing."""
    assert groups_left(["+1\n", "+2\n", "-1\n", "+3\n", "-4\n"]) == {2, 3}
    assert groups_left([]) == set()
