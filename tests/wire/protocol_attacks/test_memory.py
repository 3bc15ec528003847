"""The largest attacks are sent as a stream: neither the body nor the answer is ever held as a whole."""

from __future__ import annotations

import resource
import tracemalloc

import pytest

MEGABYTE = 1 << 20


@pytest.mark.parametrize("operator", ["body_50mb", "compressed_bomb", "deflate_bomb"])
async def test_a_huge_body_takes_no_memory(correct_server, attacked, operator: str) -> None:
    """50 MB and more are sent with less than 10 MB, in Python's own count and in the system's."""
    url = correct_server("threading")
    await attacked(url, "payload_size_attack.body_1mb")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    await attacked(url, f"payload_size_attack.{operator}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert peak < 10 * MEGABYTE
    # tracemalloc keeps books of its own, which are in the system's figure.
    assert grown < 20 * MEGABYTE
