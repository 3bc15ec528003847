"""Replies of all kinds, as a hypothesis strategy that the tests of every format share."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from flakestorm.testing.script import Reply, ToolCall

ARGUMENTS = st.dictionaries(st.text(), st.integers() | st.text(), max_size=2)
CALLS = st.builds(ToolCall, st.text(min_size=1), ARGUMENTS, st.sampled_from(["", "given"]))
REPLIES = st.builds(Reply, st.text(), st.lists(CALLS, max_size=2).map(tuple))


@pytest.fixture(scope="session")
def replies() -> st.SearchStrategy[Reply]:
    """Text, calls, both, or nothing."""
    return REPLIES
