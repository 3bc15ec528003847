"""A rule in the user's own Python: any function that takes the reply."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, describe, errored, failed
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.errors import ConfigError
from flakestorm.model.nearest import did_you_mean
from flakestorm.model.verdict import Judgement
from flakestorm.section import PlacedSection


class PythonRule(PlacedSection, Rule):
    """Options of ``python``."""

    type: Literal["python"] = "python"
    function: str = Field(
        pattern=r"^[^\W\d][\w.]*:[^\W\d][\w.]*$",
        description="module:function; it takes the reply (or, if its parameter is called subject, the whole "
        "subject) and returns True, False, the reason of a failure as a text, or a Judgement",
    )


@invariant("python", PythonRule, Scope.ANSWER)
def python(options: PythonRule) -> Check:
    """A Python function of the user's accepts the reply."""
    function = _load(options.function, options.directory)
    wants_subject = _parameter(function, options.function) == "subject"

    def check(subject: Subject) -> Judgement:
        try:
            result = function(subject if wants_subject else subject.outcome.reply)
        except SystemExit as error:
            # The user's code must not end the run; other exceptions are the judge's business.
            return errored(f"{options.function} called sys.exit({error.code!r})")
        return _judgement(result, options.function, subject.outcome.reply or "")

    return check


def _judgement(result: object, name: str, reply: str) -> Judgement:
    if isinstance(result, Judgement):
        return result
    if isinstance(result, str):
        return failed(result) if result else PASSED
    # NumPy's truth values are no bool, but are what a comparison of vectors gives.
    if isinstance(result, bool) or type(result).__name__ in ("bool", "bool_"):
        return PASSED if result else failed(f"{name} said no; {describe(reply)}")
    return errored(
        f"{name} returned {type(result).__name__}; return True, False, the reason of the failure as a text, "
        "or a Judgement"
    )


def _load(reference: str, directory: Path) -> Callable[[Any], object]:
    module_name, _, path = reference.partition(":")
    here = str(directory.absolute())
    for folder in (str(Path.cwd()), here):
        if folder not in sys.path:
            # As with `python -m`: code beside the configuration can be named.
            sys.path.insert(0, folder)
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"invariant python: function '{reference}': importing '{module_name}' from {here} failed: "
            f"{type(error).__name__}: {error}"
        ) from error
    for name in path.split("."):
        if not hasattr(found, name):
            known = [public for public in dir(found) if not public.startswith("_")]
            raise ConfigError(
                f"invariant python: function '{reference}': '{module_name}' has no '{name}'"
                f"{did_you_mean(name, known) or '.'}"
            )
        found = getattr(found, name)
    if not callable(found) or inspect.iscoroutinefunction(found):
        kind = "a coroutine function" if callable(found) else type(found).__name__
        raise ConfigError(f"invariant python: '{reference}' is {kind}; give a plain function of the reply")
    return found  # type: ignore[no-any-return]  # getattr gives Any; callable() was asked


def _parameter(function: Callable[[Any], object], reference: str) -> str:
    """The name of the one parameter. Raises ``ConfigError`` when one argument does not fit."""
    try:
        signature = inspect.signature(function)
        signature.bind("")
    except ValueError:
        return "reply"  # some functions written in C do not tell their parameters
    except TypeError as error:
        raise ConfigError(
            f"invariant python: '{reference}' cannot be called with the reply alone: {error}"
        ) from None
    return next(iter(signature.parameters))
