"""What judges a recorded session: the contract that it names, or the rules of the configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.config_errors import Problem, config_error
from flakestorm.core.config_file import read_config_text
from flakestorm.core.contract import ContractConfig
from flakestorm.core.cross_checks import PATH_ENDINGS
from flakestorm.core.environment import expand
from flakestorm.core.published_format import normalized
from flakestorm.core.replay_sessions import Session
from flakestorm.core.secret_values import find_secrets
from flakestorm.core.validation_messages import problems_of, show
from flakestorm.core.yaml_source import parse_yaml
from flakestorm.invariants.behavior_unchanged import AUTO
from flakestorm.invariants.config import Rule
from flakestorm.invariants.judge import named_rules
from flakestorm.invariants.rules import AnyRule
from flakestorm.model.errors import ConfigError, UsageError
from flakestorm.model.nearest import did_you_mean


class _WithContract(BaseModel):
    """A configuration of which only the contract matters here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    contract: ContractConfig


class _RulesAlone(BaseModel):
    """A file that is nothing but a contract, or a configuration without one."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = ""
    invariants: tuple[AnyRule, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Rules:
    """``rules`` have ids; ``name`` says where they are from, ``secrets`` are values that are in them."""

    name: str
    rules: tuple[Rule, ...]
    secrets: frozenset[str] = frozenset()


@dataclass
class RuleBook:
    """Finds the rules of sessions; a contract in another file is read once."""

    config: FlakeStormConfig
    _files: dict[Path, Rules] = field(default_factory=dict)

    def rules_of(self, session: Session) -> Rules:
        """What judges ``session``: rules with probes only where its input is one of them, and none that
        compares with an undisturbed reply, unless it says which.

        Raises ``ConfigError`` for a contract that cannot be read, ``UsageError`` for one that does not exist
        or says nothing about the session.
        """
        found = self._named(session) if session.contract else self._own()
        # What is compared with the undisturbed prompt has nothing to compare a session with.
        about = tuple(
            rule
            for rule in found.rules
            if (not rule.probes or session.turns[-1] in rule.probes) and getattr(rule, "baseline", "") != AUTO
        )
        if not about:
            raise UsageError(
                f"{session.origin}: nothing judges the session '{session.id}': all rules of {found.name} are "
                "about probes of their own, or compare with the undisturbed reply. Name another contract, or "
                "give it a rule that speaks about the reply."
            )
        return Rules(found.name, about, found.secrets)

    def _own(self) -> Rules:
        contract = self.config.contract
        if self.config.invariants or contract is None:
            return Rules("the invariants", named_rules(self.config.invariants))
        return Rules(f"the contract '{contract.name}'", named_rules(contract.invariants))

    def _named(self, session: Session) -> Rules:
        wanted, contract = session.contract or "", self.config.contract
        if contract is not None and contract.name == wanted:
            return Rules(f"the contract '{contract.name}'", named_rules(contract.invariants))
        if not wanted.endswith(PATH_ENDINGS):
            known = [contract.name] if contract is not None else []
            has = f"'{known[0]}'" if known else "none"
            raise UsageError(
                f"{session.origin}: contract: there is no contract '{wanted}'"
                f"{did_you_mean(wanted, known) or '.'} {self.config.source_path or 'The configuration'} has "
                f"{has}; a contract in another file is named by its path ({', '.join(PATH_ENDINGS)})."
            )
        path = (session.folder / wanted).resolve()
        if path not in self._files:
            try:
                self._files[path] = read_contract(session.folder / wanted)
            except ConfigError as error:
                raise ConfigError(f"{session.origin}: contract: {error}") from None
        return self._files[path]


def read_contract(path: Path) -> Rules:
    """The rules in a file: the contract of a configuration, a contract alone, or else its invariants.

    Raises ``ConfigError`` with every problem that it has.
    """
    source = parse_yaml(read_config_text(path, "flakestorm.yaml"), str(path))
    raw = source.value
    if not isinstance(raw, dict) or not ({"contract", "invariants", "assert"} & set(raw)):
        message = f"{show(raw)} without contract or invariants, so nothing in it judges a session"
        raise config_error(source.name, source.lines, [Problem(message, place=source.root.place)])
    expanded = expand({key: raw[key] for key in _parts(raw)}, os.environ)
    data = normalized(expanded.value)[0]
    data.setdefault("invariants", data.pop("assert", ()))
    model: type[BaseModel] = _WithContract if data.get("contract") else _RulesAlone
    problems = [
        *source.problems,
        *(Problem(p.message, p.path, source.locate(p.path)[1]) for p in expanded.problems),
    ]
    found, untold = None, 0
    try:
        found = model.model_validate(data, context={"directory": path.parent.absolute()})
    except ValidationError as error:
        told, untold = problems_of(error, model, source, data)
        problems += told
    if found is None or problems:
        raise config_error(source.name, source.lines, problems, untold)
    secrets = find_secrets(raw, expanded.value, expanded.variables).redactable
    if isinstance(found, _WithContract):
        return Rules(f"the contract '{found.contract.name}'", named_rules(found.contract.invariants), secrets)
    alone = _RulesAlone.model_construct(**dict(found))
    return Rules(alone.name or path.name, named_rules(alone.invariants), secrets)


def _parts(raw: dict[str, Any]) -> list[str]:
    """The keys that matter: a configuration may name variables elsewhere that are not set here."""
    wanted = ("contract",) if raw.get("contract") else ("name", "invariants", "assert")
    return [key for key in wanted if key in raw]
