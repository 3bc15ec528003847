"""An ordinary request to disturb."""

from __future__ import annotations

import pytest
from yarl import URL

from flakestorm.agents.wire.golden_request import GoldenRequest


@pytest.fixture
def golden() -> GoldenRequest:
    """``POST /chat?v=1`` with a JSON body that is split behind the prompt."""
    return GoldenRequest(
        URL("http://127.0.0.1:8000/chat?v=1"),
        "POST",
        (("Host", "127.0.0.1:8000"), ("Content-Type", "application/json")),
        (b'{"input": "Hi', b'"}'),
    )
