"""The whole configuration: reads flakestorm.yaml, puts the sections together, checks what spans them."""

from __future__ import annotations

import json
import os
from collections.abc import Container, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from flakestorm.agents.config import AgentConfig
from flakestorm.chaos.config import ChaosConfig, Scenario
from flakestorm.core.advanced import AdvancedConfig
from flakestorm.core.config_errors import Problem, config_error
from flakestorm.core.config_file import read_config_text
from flakestorm.core.config_text import yaml_text
from flakestorm.core.contract import ContractConfig
from flakestorm.core.cross_checks import conflicts, lacking_rules, unused_parts
from flakestorm.core.environment import expand
from flakestorm.core.golden_prompts import PromptEntry
from flakestorm.core.project_plugins import import_plugins
from flakestorm.core.published_format import normalized
from flakestorm.core.rule_lines import lines_of_rules
from flakestorm.core.secret_values import Secrets, find_secrets, literal_keys
from flakestorm.core.validation_messages import problems_of, sentences
from flakestorm.core.yaml_source import YamlSource, parse_yaml
from flakestorm.invariants.rules import AnyRule
from flakestorm.llm.config import HOW_ASKED, ModelConfig
from flakestorm.model.errors import ConfigError, UsageError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import identifier
from flakestorm.mutations.config import MutationsConfig
from flakestorm.replay.config import ReplaysConfig
from flakestorm.reports.config import OutputConfig
from flakestorm.scoring.ci_config import CiConfig
from flakestorm.scoring.config import ScoringConfig
from flakestorm.section import Section

DEFAULT_FILE = "flakestorm.yaml"

CONTROL_REPEATS_WHEN_DETERMINISTIC = 1

_SAME_TRIALS: dict[str, Any] = {
    "version": True,
    "output": True,
    "ci": True,
    "advanced": set(AdvancedConfig.model_fields) - {"seed", "repeats", "control_repeats"},
    "model": set(HOW_ASKED),
}
"""What can change between two runs that are still the same experiment."""


class FlakeStormConfig(Section):
    """Everything in flakestorm.yaml. Made by ``load_config`` or ``from_yaml``, which explain every problem.

    Made directly from Python values, it raises pydantic's ``ValidationError`` instead of ``ConfigError``.
    """

    version: Literal["1.0", "2.0"] = Field("1.0", description="Version of the file format")
    plugins: tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)], ...] = Field(
        (), description="Python files or modules of your own that register operators, rules and so on"
    )
    agent: AgentConfig = Field(description="The agent under test: where it is and how it is asked")
    model: ModelConfig = Field(
        ModelConfig(), description="A language model that writes and judges; none is needed"
    )
    mutations: MutationsConfig = Field(
        default_factory=MutationsConfig, description="How golden prompts are disturbed"
    )
    golden_prompts: tuple[PromptEntry, ...] = Field(
        min_length=1, description="What the agent must handle correctly when nothing is wrong"
    )
    invariants: tuple[AnyRule, ...] = Field(
        (),
        validation_alias=AliasChoices("invariants", "assert"),
        description="What must be true of the agent's replies",
    )
    output: OutputConfig = Field(OutputConfig(), description="Which reports are written, and where")
    advanced: AdvancedConfig = Field(AdvancedConfig(), description="Speed, repetitions and limits")
    chaos: ChaosConfig | None = Field(None, description="Faults of the LLM, the tools and the context")
    contract: ContractConfig | None = Field(None, description="Rules that must hold in every scenario")
    chaos_matrix: tuple[Scenario, ...] = Field(
        (), description="The contract's scenarios, if they are not inside contract"
    )
    replays: ReplaysConfig | None = Field(None, description="Recorded sessions that must not fail again")
    scoring: ScoringConfig = Field(ScoringConfig(), description="Weights of the overall score")
    ci: CiConfig = Field(CiConfig(), description="What `flakestorm ci` asks for, where its options do not")

    _secrets: Secrets = PrivateAttr(default_factory=Secrets)
    _source_path: Path | None = PrivateAttr(default=None)
    _notes: tuple[str, ...] = PrivateAttr(default=())
    _rule_lines: Mapping[str, tuple[int, ...]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _in_todays_form(cls, data: Any, info: ValidationInfo) -> Any:
        # Before anything is validated: what the plugins register is what the sections may name.
        import_plugins(data, Path((info.context or {}).get("directory", ".")))
        return normalized(data)[0]

    @model_validator(mode="after")
    def _fits_together(self) -> FlakeStormConfig:
        details = conflicts(self)
        if details:
            raise ValidationError.from_exception_data("FlakeStormConfig", details)
        if self.agent.deterministic and "control_repeats" not in self.advanced.model_fields_set:
            # The section is frozen for everybody else; this is still its making.
            changed = {"control_repeats": CONTROL_REPEATS_WHEN_DETERMINISTIC}
            object.__setattr__(self, "advanced", self.advanced.model_copy(update=changed))
        return self

    @classmethod
    def from_yaml(
        cls, text: str, name: str = DEFAULT_FILE, environment: Mapping[str, str] | None = None
    ) -> FlakeStormConfig:
        """The configuration in a YAML text; ``name`` stands for the file in messages.

        ``${VARIABLE}`` is looked up in ``environment`` (default: the process's). Raises ``ConfigError``
        with every problem, each with its line.
        """
        return _from_source(cls, parse_yaml(text, name), environment, Path())

    def to_yaml(self) -> str:
        """What was configured, as YAML that loads again; secrets appear as ``${VARIABLE}``."""
        data = self.model_dump(mode="json", exclude_unset=True)
        return yaml_text(data, self._secrets)

    def yaml_of(self, data: dict[str, Any]) -> str:
        """Plain ``data`` made of parts of this, as YAML; secrets appear as ``${VARIABLE}``."""
        return yaml_text(data, self._secrets)

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal characters: equal for equal experiments.

        Neither secrets nor what leaves the trials as they are (output, speed, limits) changes it.
        """
        dumped = self.model_dump(mode="json", exclude_defaults=True, exclude=_SAME_TRIALS)
        data = {section: value for section, value in dumped.items() if value}
        if not data.get("advanced"):
            # A section that only says what does not matter is the same as none.
            data.pop("advanced", None)
        return identifier(json.dumps(self._secrets.concealed(data), sort_keys=True))

    @cached_property
    def golden(self) -> tuple[GoldenPrompt, ...]:
        """The golden prompts, each once."""
        return tuple(dict.fromkeys(entry.golden for entry in self.golden_prompts))

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The chaos matrix, from wherever it is written."""
        inside = self.contract.chaos_matrix if self.contract else ()
        return inside or self.chaos_matrix

    @property
    def secrets(self) -> frozenset[str]:
        """Values that must not be stored or shown."""
        return self._secrets.redactable

    @property
    def rule_lines(self) -> Mapping[str, tuple[int, ...]]:
        """The lines of the file in which rules begin, in order: of ``invariants`` and of ``contract``."""
        return self._rule_lines

    def conceal(self, text: str) -> str:
        """``text`` for people, with each secret replaced by the ``${VARIABLE}`` that holds it."""
        return self._secrets.blot_out(text)

    def with_advanced(self, **changes: float | str | None) -> FlakeStormConfig:
        """The same with other ``advanced`` settings; a change that is None is left out.

        Raises ``UsageError`` for a value that the section does not accept.
        """
        given = {key: value for key, value in changes.items() if value is not None}
        data = {**self.advanced.model_dump(exclude_unset=True), **given}
        try:
            advanced = AdvancedConfig.model_validate(data)
        except ValidationError as error:
            raise UsageError("; ".join(sentences(error, AdvancedConfig, data))) from None
        changed = self.model_copy(update={"advanced": advanced})
        changed.__dict__.pop("digest", None)  # the copy takes over what was computed for the original
        return changed

    @property
    def source_path(self) -> Path | None:
        """The file that this was read from."""
        return self._source_path

    @property
    def directory(self) -> Path:
        """Where relative paths in the configuration start: the file's folder, or the current one."""
        return self._source_path.parent if self._source_path else Path()

    def unused_parts(self, used: Container[str] = ()) -> tuple[str, ...]:
        """A sentence for each part that a run does not act on: ignored keys, sections not ``used``."""
        return (*self._notes, *unused_parts(self, used))


def load_config(
    path: str | Path = DEFAULT_FILE, environment: Mapping[str, str] | None = None
) -> FlakeStormConfig:
    """The configuration in the file at ``path``. Raises ``ConfigError`` with every problem that it has."""
    file = Path(path)
    source = parse_yaml(read_config_text(file, DEFAULT_FILE), str(path))
    # Absolute, because an agent in this process may change the current folder.
    config = _from_source(FlakeStormConfig, source, environment, file.parent.absolute())
    config._source_path = file  # noqa: SLF001 - the file is known only here
    return config


def _from_source(
    cls: type[FlakeStormConfig], source: YamlSource, environment: Mapping[str, str] | None, directory: Path
) -> FlakeStormConfig:
    raw = source.value
    if not isinstance(raw, dict):
        message = "a configuration is a mapping with keys such as agent, golden_prompts and invariants"
        raise config_error(source.name, source.lines, [Problem(message, place=source.root.place)])
    expanded = expand(raw, os.environ if environment is None else environment)
    secrets = find_secrets(raw, expanded.value, expanded.variables)
    found = (*literal_keys(raw), *expanded.problems, *lacking_rules(raw))
    problems = [*source.problems, *_located(source, found)]
    config, untold = None, 0
    try:
        config = cls.model_validate(expanded.value, context={"directory": directory})
    except ValidationError as error:
        told, untold = problems_of(error, cls, source, expanded.value)
        # What follows from a variable that is not set needs no word of its own.
        blamed = {problem.path for problem in problems if problem.path}
        problems += [problem for problem in told if problem.path not in blamed]
    if config is None or problems:
        refusal = config_error(source.name, source.lines, problems, untold)
        raise ConfigError(secrets.blot_out(str(refusal)))
    config._secrets = secrets  # noqa: SLF001 - the model cannot know what came from the environment
    config._notes = normalized(raw)[1]  # noqa: SLF001 - nor what was left out before it was validated
    config._rule_lines = lines_of_rules(source, raw)  # noqa: SLF001 - nor where anything stood
    return config


def _located(source: YamlSource, problems: tuple[Problem, ...]) -> list[Problem]:
    return [replace(problem, place=source.locate(problem.path)[1]) for problem in problems]
