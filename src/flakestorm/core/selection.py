"""``run --only …``: which of the planned trials to run."""

from __future__ import annotations

from collections.abc import Callable

from flakestorm.core.plan import Selection
from flakestorm.core.run_names import open_named
from flakestorm.model.errors import UsageError
from flakestorm.model.nearest import did_you_mean
from flakestorm.mutations.type_name import known_type
from flakestorm.store.runs import RunFolder

FORMS = (
    "failed, errored, failed:RUN (an id or BRANCH@latest), trial:ID, type:NAME, operator:NAME, prompt:ID or "
    "kind:NAME"
)


def parse_selection(text: str, folder: RunFolder) -> Selection:
    """The predicate that ``text`` describes.

    ``failed`` and ``errored`` take the trials of the latest run (or of the run behind the colon).
    ``trial`` and ``prompt`` take the beginning of an id, ``trial`` several with
    commas between them. Raises ``UsageError`` with the accepted forms.
    """
    name, _, value = text.partition(":")
    if name in ("failed", "errored"):
        return _by_status(name, value or "latest", folder)
    selectors = {"trial": _trial, "type": _type, "operator": _operator, "prompt": _prompt, "kind": _kind}
    if name not in selectors:
        hint = did_you_mean(name, ["failed", "errored", *selectors])
        raise UsageError(f"--only {text}: '{name}' is not something to select by{hint}. Accepted: {FORMS}")
    if not value:
        raise UsageError(f"--only {text}: a value must follow the colon, as in '{name}:…'. Accepted: {FORMS}")
    return selectors[name](value)


def _by_status(status: str, run: str, folder: RunFolder) -> Selection:
    stored = open_named(folder, run)
    try:
        wanted = stored.finished(status)
    finally:
        stored.close()
    if not wanted:
        raise UsageError(f"run {stored.id} has no {status} trial, so there is nothing to run again.")
    return lambda trial: trial.id in wanted


def _trial(value: str) -> Selection:
    beginnings = tuple(filter(None, value.lower().split(",")))
    return lambda trial: trial.id.startswith(beginnings)


def _prompt(value: str) -> Selection:
    return lambda trial: trial.prompt.id.startswith(value.lower()) or trial.prompt.name == value


def _type(value: str) -> Selection:
    try:
        wanted = known_type(value)
    except ValueError as error:
        raise UsageError(f"--only type:{value}: {error}") from None
    return _of_mutation(lambda mutation: mutation.type == wanted)


def _operator(value: str) -> Selection:
    return _of_mutation(
        lambda mutation: mutation.operator == value or mutation.operator.endswith(f".{value}")
    )


def _kind(value: str) -> Selection:
    return _of_mutation(lambda mutation: mutation.kind.value == value)


def _of_mutation(predicate: Callable[..., bool]) -> Selection:
    return lambda trial: trial.mutation is not None and predicate(trial.mutation)
