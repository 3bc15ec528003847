"""The agent of the contract benchmark: it takes 50 ms, and asks one tool."""

from __future__ import annotations

import asyncio

DELAY_S = 0.05


def policy(topic: str) -> dict[str, str]:
    """The tool that the scenarios disturb."""
    return {"topic": topic, "answer": "a refund takes 5 days"}


async def agent(prompt: str) -> str:
    """Take your time, ask the tool, and be polite when it fails."""
    await asyncio.sleep(DELAY_S)
    try:
        return f"I found: {policy(prompt)['answer']}"
    except Exception:  # noqa: BLE001 - whatever the fault is, this agent says sorry
        return "Sorry, please ask again later."
