"""The output section: formats, one or several, and a file name that is one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flakestorm.reports.config import OutputConfig


def test_one_format_or_several() -> None:
    """One name needs no brackets."""
    assert OutputConfig.model_validate({"format": "json"}).format == ("json",)
    assert OutputConfig.model_validate({"format": ["json", "html"]}).format == ("json", "html")
    assert OutputConfig.model_validate({"filename_template": None}) == OutputConfig()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"format": []}, "at least 1 item"),
        ({"format": "pdf"}, r"'pdf' is not accepted here\. Accepted: csv, .*html, json, jsonl, .*terminal"),
        ({"format": ["html", "jsno"]}, "'jsno' is not accepted here, did you mean 'json'?"),
        ({"filename_template": "a-{dat}"}, r"unknown field '\{dat\}', did you mean 'date'\?"),
        ({"filename_template": "a-{zzz}"}, r"unknown field '\{zzz\}'\. Accepted: \{run_id\}"),
        ({"filename_template": "../a"}, "is not a file name"),
        ({"filename_template": "a\nb"}, "is not a file name"),
    ],
)
def test_refused(data: dict[str, Any], message: str) -> None:
    """Unknown formats and fields, and paths in place of names, are refused."""
    with pytest.raises(ValidationError, match=message):
        OutputConfig.model_validate(data)
