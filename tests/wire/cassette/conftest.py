"""The program, run beside the event loop that serves its model."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

LEADING_ASIDE = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY", "HTTP_PROXY", "http_proxy")
"""Variables of whoever runs the tests that would lead calls elsewhere."""


@pytest.fixture
def flakestorm() -> Callable[..., Awaitable[tuple[int | None, str, dict[str, Any]]]]:
    """Runs the program in a folder; gives its exit code, its output and the JSON report that it wrote."""

    async def run(folder: Path, *arguments: str, **more: str) -> tuple[int | None, str, dict[str, Any]]:
        environment = {**os.environ, "NO_COLOR": "1"}
        for name in LEADING_ASIDE:
            environment.pop(name, None)
        report = folder / "reports/result.json"
        report.unlink(missing_ok=True)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "flakestorm", *arguments),
            cwd=folder,
            env={**environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        told = json.loads(report.read_text("utf-8")) if report.exists() else {}
        return process.returncode, said.decode("utf-8"), told

    return run
