"""`python`: functions of the user's, well-behaved and otherwise."""

from __future__ import annotations

import sys

import pytest

from flakestorm.invariants.judge import Judge
from flakestorm.invariants.python_rule import PythonRule
from flakestorm.model.errors import ConfigError
from flakestorm.model.verdict import VerdictStatus

CODE = """
import sys
from flakestorm.model.verdict import Judgement, VerdictStatus

class Truth:
    def __bool__(self):
        return False

Truth.__name__ = "bool_"

def polite(reply): return "please" in reply
def reason(reply): return "" if "please" in reply else "not polite"
def wise(subject): return Judgement(VerdictStatus.FAILED, subject.trial.prompt.text, ((0, 1),))
def vector(reply): return Truth()
def forgets(reply): pass
def breaks(reply): raise KeyError("price")
def leaves(reply): sys.exit(3)
async def later(reply): return True
def greedy(reply, more): return True
class Rules:
    @staticmethod
    def short(reply): return len(reply) < 5
constant = 3
"""


@pytest.fixture(autouse=True)
def _code(tmp_path, monkeypatch):
    """A module beside the configuration."""
    (tmp_path / "house_rules.py").write_text(CODE)
    (tmp_path / "broken_rules.py").write_text("import sys\nsys.exit('not here')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("house_rules", None)


@pytest.mark.parametrize(
    ("function", "status", "detail"),
    [
        ("polite", "failed", 'house_rules:polite said no; the reply is 3 characters: "No."'),
        ("reason", "failed", "not polite"),
        ("wise", "failed", "What is the status of order 4512?"),
        ("vector", "failed", 'house_rules:vector said no; the reply is 3 characters: "No."'),
        ("Rules.short", "passed", ""),
        (
            "forgets",
            "errored",
            (
                "house_rules:forgets returned NoneType; return True, False, the reason of the failure as a "
                "text, or a Judgement"
            ),
        ),
        ("breaks", "errored", "the rule itself failed: KeyError: 'price'"),
        ("leaves", "errored", "house_rules:leaves called sys.exit(3)"),
    ],
)
def test_answers_of_functions(make_trial, make_outcome, function, status, detail):
    """Truth, a reason, a judgement; whatever else happens is errored and never ends the run."""
    judge = Judge([PythonRule(function=f"house_rules:{function}")])
    (verdict,) = judge.judge(make_trial(), make_outcome("No."))
    assert (verdict.status, verdict.detail) == (VerdictStatus(status), detail)


@pytest.mark.parametrize("function", ["polite", "reason"])
def test_a_content_function_passes(make_trial, make_outcome, function):
    """True passes, and so does having no reason to complain."""
    judge = Judge([PythonRule(function=f"house_rules:{function}")])
    (verdict,) = judge.judge(make_trial(), make_outcome("Yes, please."))
    assert verdict.status is VerdictStatus.PASSED


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("house_rules:polit", "'house_rules' has no 'polit', did you mean 'polite'?"),
        ("house_rules:constant", "is int; give a plain function"),
        ("house_rules:later", "is a coroutine function; give a plain function"),
        ("house_rules:greedy", "cannot be called with the reply alone: missing a required argument: 'more'"),
        ("no_such_rules:x", "importing 'no_such_rules' from .* failed: ModuleNotFoundError"),
        ("broken_rules:x", "failed: SystemExit: not here"),
    ],
)
def test_what_cannot_be_called_is_an_error_of_the_configuration(function, message):
    """It is found before anything is sent."""
    with pytest.raises(ConfigError, match=message):
        Judge([PythonRule(function=function)])


def test_functions_without_a_signature_get_the_reply(make_trial, make_outcome):
    """Some functions written in C do not tell their parameters; they are called all the same."""
    judge = Judge([PythonRule(function="builtins:bool")])
    (verdict,) = judge.judge(make_trial(), make_outcome("x"))
    assert verdict.status is VerdictStatus.PASSED
