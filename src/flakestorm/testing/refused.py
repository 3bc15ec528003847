"""What the scripted LLM refuses, in words that each wire format puts into the provider's own."""

from __future__ import annotations

from collections.abc import Mapping

from flakestorm.testing.script import Failure


class Refused(Exception):
    """The request gets an error with ``status`` instead of an answer.

    ``param`` names the part of the request that is wrong and ``code`` the kind of error, where the format
    tells them. ``headers`` come with the error.
    """

    def __init__(
        self,
        status: int,
        message: str,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code
        self.headers = dict(headers or {})

    @classmethod
    def scripted(cls, failure: Failure) -> Refused:
        """The error that the script wants."""
        return cls(failure.status, failure.message, headers=failure.headers)
