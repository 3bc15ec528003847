"""Which of the twins is used, and what is said about it."""

from __future__ import annotations

import warnings
from types import ModuleType

import pytest

from flakestorm import __version__, native


def _module(version: str | None) -> ModuleType:
    module = ModuleType(native.NAME)
    if version:
        vars(module)["__version__"] = version
    return module


def _missing(name: str) -> ModuleType:
    raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def _broken(name: str) -> ModuleType:
    raise ImportError(f"{name}: wrong architecture")


def test_the_extension_of_the_same_version_is_used() -> None:
    """And the reason says which it is."""
    module = _module(__version__)
    assert native.choose({}, lambda _: module) == native.Choice(module, f"flakestorm_rust {__version__}")


@pytest.mark.parametrize("value", ["1", "yes"])
def test_the_switch_forces_python(value: str) -> None:
    """The extension is not even loaded."""
    chosen = native.choose({"FLAKESTORM_NO_NATIVE": value}, _broken)
    assert chosen == native.Choice(None, "FLAKESTORM_NO_NATIVE is set")


@pytest.mark.parametrize("value", ["", "0"])
def test_a_switch_that_is_off(value: str) -> None:
    """Empty and 0 leave the extension in use."""
    module = _module(__version__)
    assert native.choose({"FLAKESTORM_NO_NATIVE": value}, lambda _: module).extension is module


def test_without_the_extension_nothing_is_warned_of() -> None:
    """It is optional."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert native.choose({}, _missing) == native.Choice(None, "flakestorm_rust is not installed")


@pytest.mark.parametrize(
    ("found", "said"), [("2.9.0", "of version 2.9.0"), (f"{__version__}rc1", "rc1"), (None, "unknown")]
)
def test_another_version_is_left_out_with_a_warning(found: str | None, said: str) -> None:
    """The versions are told, and what to do."""
    with pytest.warns(native.UnusedExtension, match=rf"{said}.*Python twin is used.*install"):
        assert native.choose({}, lambda _: _module(found)).extension is None


def test_a_broken_extension_is_left_out_with_a_warning() -> None:
    """It is there, so somebody wants it."""
    with pytest.warns(native.UnusedExtension, match="does not load: .*wrong architecture"):
        assert native.choose({}, _broken).extension is None


def test_this_process_has_chosen() -> None:
    """The choice is made once."""
    assert native.choice() is native.choice()
    assert native.extension() is native.choice().extension
