"""Runs to make reports of, and a parser that tells which elements a page really has."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from flakestorm.model.run import Run


def load_fake_run() -> ModuleType:
    """The module fake_run.py beside this file; test folders are no packages."""
    spec = importlib.util.spec_from_file_location("fake_run", Path(__file__).with_name("fake_run.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    """The factory of runs."""
    return load_fake_run()


@pytest.fixture(scope="session")
def run(fake: ModuleType) -> Run:
    """A run of 400 ordinary trials."""
    made: Run = fake.make_run(400)
    return made


@pytest.fixture(scope="session")
def hostile_run(fake: ModuleType) -> Run:
    """A run in which every text tries to break out of the page."""
    made: Run = fake.make_run(12, fake.hostile_records())
    return made


class Template:
    """A small run for properties; its short name keeps hypothesis from writing all of it down."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __repr__(self) -> str:
        return "Template()"


@pytest.fixture(scope="session")
def template(fake: ModuleType) -> Template:
    """What properties put their texts into."""
    return Template(fake.make_run(150))
