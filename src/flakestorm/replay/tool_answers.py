"""The recorded answers of a session's tools, given by name and in their order."""

from __future__ import annotations

from collections.abc import Iterable

from flakestorm.replay.config import ToolResponse


class ToolAnswers:
    """Those of one trial. A tool that is called more often than it was recorded answers as it did last."""

    def __init__(self, responses: Iterable[ToolResponse]) -> None:
        self._answers: dict[str, list[ToolResponse]] = {}
        self._given: dict[str, int] = {}
        for response in responses:
            self._answers.setdefault(response.tool, []).append(response)

    def next(self, tool: str) -> ToolResponse | None:
        """What ``tool`` answers now; None where nothing of it was recorded."""
        answers = self._answers.get(tool)
        if answers is None:
            return None
        given = self._given.get(tool, 0)
        self._given[tool] = given + 1
        return answers[min(given, len(answers) - 1)]
