"""Loading: published and new files, equality and digest, writing back, what a run is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from flakestorm.core.config import FlakeStormConfig, load_config
from flakestorm.model.errors import ConfigError, UsageError

FILES = Path(__file__).parent / "config_files" / "good"
GOOD = sorted(FILES.glob("*.yaml"))
ENVIRONMENT = {
    "SUPPORT_TOKEN": "s3cr3t-token",
    "OPENAI_API_KEY": "sk-test-000000",
    "SERVICE_KEY": "svc-000000",
}
MINIMAL = """
agent: {endpoint: "http://localhost:8000/invoke"}
golden_prompts: [hello]
invariants: [{type: output_not_empty}]
"""

PUBLISHED_KEYS = """
    version agent model mutations golden_prompts invariants output advanced chaos contract chaos_matrix
    replays scoring endpoint type method request_template response_path query_params parse_structured_input
    timeout headers reset_endpoint reset_function provider name api_key base_url temperature count types
    weights custom_templates value values pattern patterns max_ms expected threshold dangerous_prompts
    baseline similarity_threshold id description severity when negate probes tool_faults llm_faults
    context_attacks tool mode match_url delay_ms error_code message probability after_calls payload
    max_tokens drift_type direction factor payloads trigger_probability strategy inject_tokens inject_at
    enabled sessions sources file input tool_responses response status latency_ms source captured_at context
    expected_failure project filter date_range min_latency_ms auto_import run_id format path
    filename_template concurrency retries seed
"""


def keys_in(value: Any) -> Iterator[str]:
    """All keys of all mappings in plain data."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from keys_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys_in(item)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_files_load_and_come_back_the_same(path: Path) -> None:
    """Each sample loads, and what it writes loads again as an equal configuration without its secrets."""
    config = load_config(path, ENVIRONMENT)
    text = config.to_yaml()
    again = FlakeStormConfig.from_yaml(text, environment=ENVIRONMENT)
    assert again.model_dump() == config.model_dump()
    assert again.digest == config.digest
    assert again.to_yaml() == text
    assert config.source_path == path
    assert config.directory == path.parent
    assert not [secret for secret in ENVIRONMENT.values() if secret in text]


def test_the_samples_have_every_published_key() -> None:
    """The samples above prove something about the whole published vocabulary."""
    seen = {key for path in GOOD for key in keys_in(yaml.safe_load(path.read_text("utf-8")))}
    assert [key for key in PUBLISHED_KEYS.split() if key not in seen] == []


def test_published_residue_is_dropped_and_noted() -> None:
    """A file that the published init wrote carries settings of other rules; the run says they are ignored."""
    config = load_config(FILES / "published_1_0_written_by_init.yaml")
    notes = config.unused_parts()
    assert "invariants[0].threshold is ignored: it belongs to 'similarity', not to 'latency'" in notes
    assert (
        "invariants[1].dangerous_prompts is ignored: it belongs to 'refusal_check', not to 'valid_json'"
        in notes
    )
    assert config.advanced.seed == 0
    assert config.chaos is None
    assert config.output.filename_template == "flakestorm-{run_id}"


def test_defaults_of_a_minimal_file() -> None:
    """What is not written has the documented default."""
    config = FlakeStormConfig.from_yaml(MINIMAL, environment={})
    assert (config.version, config.model.provider, config.mutations.count) == ("1.0", "builtin", 10)
    assert (config.advanced.concurrency, config.advanced.retries, config.advanced.seed) == (10, 2, 0)
    assert (config.advanced.control_repeats, config.advanced.error_budget) == (3, 0.05)
    assert config.output.format == ("html",)
    assert config.scenarios == ()
    assert config.unused_parts() == ()
    assert config.source_path is None
    assert config.directory == Path()


@pytest.mark.parametrize("written", ["1.0", "'1.0'", "1", "2.0", '"2.0"', "2"])
def test_version_needs_no_quotes(written: str) -> None:
    """A version without quotes is a number for YAML, and accepted all the same."""
    config = FlakeStormConfig.from_yaml(f"version: {written}\n{MINIMAL}")
    assert config.version == f"{float(written.strip(chr(39) + chr(34))):.1f}"


def test_words_that_older_yaml_takes_for_booleans() -> None:
    """``on`` as a key and ``no`` as a value are text; yes and no still work as switches."""
    config = FlakeStormConfig.from_yaml("""
agent: {endpoint: "http://x/", parse_structured_input: no}
golden_prompts: [no, 12:30, 2026-02-15]
invariants: [{type: contains, value: yes, on: control}]
""")
    assert [prompt.text for prompt in config.golden] == ["no", "12:30", "2026-02-15"]
    assert config.invariants[0].on == ("control",)
    assert config.agent.parse_structured_input is False


def test_golden_prompts_in_every_form() -> None:
    """A text, a conversation and mappings become golden prompts; one that is repeated is run once."""
    config = FlakeStormConfig.from_yaml(
        MINIMAL.replace(
            "[hello]",
            """
  - hello
  - [first, second]
  - {prompt: named, name: a name}
  - {input: other, id: an id}
  - {turns: [one, two]}
  - hello""",
        )
    )
    assert [prompt.turns for prompt in config.golden] == [
        ("hello",),
        ("first", "second"),
        ("named",),
        ("other",),
        ("one", "two"),
    ]
    assert [prompt.name for prompt in config.golden] == ["", "", "a name", "an id", ""]
    assert config.unused_parts() == ("golden_prompts[5] is the same as golden_prompts[0]; it is run once",)


def test_a_prompt_of_a_megabyte_loads() -> None:
    """Large prompts are legitimate input for an agent that reads documents."""
    config = FlakeStormConfig.from_yaml(MINIMAL.replace("hello", "'" + "word " * 200_000 + "'"))
    assert len(config.golden[0].text) == 1_000_000


def test_assert_is_another_name_for_invariants() -> None:
    """``assert:`` and ``invariants:`` mean the same, but not both at once."""
    config = FlakeStormConfig.from_yaml(MINIMAL.replace("invariants", "assert"))
    assert config.invariants[0].type == "output_not_empty"
    with pytest.raises(ConfigError, match="unknown key 'assert'"):
        FlakeStormConfig.from_yaml(MINIMAL + "assert: [{type: valid_json}]")


def test_a_contract_can_stand_for_the_invariants() -> None:
    """Without invariants, a contract is what can fail; its matrix may stand outside."""
    text = MINIMAL.replace("invariants:", "contract: {name: c, invariants:").rstrip() + "}\n"
    outside = FlakeStormConfig.from_yaml(text + "chaos_matrix: [{name: outside}]")
    assert [scenario.name for scenario in outside.scenarios] == ["outside"]
    both = FlakeStormConfig.from_yaml(
        text.replace("name: c,", "name: c, chaos_matrix: [{name: inside}],")
        + "chaos_matrix: [{name: outside}]"
    )
    assert [scenario.name for scenario in both.scenarios] == ["inside"]
    assert "chaos_matrix is ignored: contract.chaos_matrix is used" in both.unused_parts()


def test_options_without_meaning_are_noted() -> None:
    """A published option on a mode that does not use it loads, and the run says that it is ignored."""
    config = FlakeStormConfig.from_yaml(
        MINIMAL + "chaos_matrix: [{name: a, tool_faults: [{mode: slow, error_code: 503}]}]"
    )
    assert config.unused_parts() == (
        "chaos_matrix[0].tool_faults[0].error_code is ignored: it means nothing for mode 'slow'",
    )


def test_the_digest_is_of_the_experiment() -> None:
    """Output, speed and spelled-out defaults do not change it; prompts, rules and the seed do."""
    base = FlakeStormConfig.from_yaml(MINIMAL).digest
    same = (
        "version: 2.0\noutput: {format: json}\nadvanced: {concurrency: 3, seed: 0}\nmutations: {count: 10}\n"
    )
    assert FlakeStormConfig.from_yaml(same + MINIMAL).digest == base
    assert len(base) == 12
    others = [
        MINIMAL.replace("hello", "hullo"),
        MINIMAL.replace("output_not_empty", "valid_json"),
        MINIMAL + "advanced: {seed: 1}",
        MINIMAL + "mutations: {count: 11}",
    ]
    assert len({base, *(FlakeStormConfig.from_yaml(text).digest for text in others)}) == 5


def test_a_deterministic_agent_has_one_control_run() -> None:
    """agent.deterministic sets the default of control_repeats, and only the default."""
    text = MINIMAL.replace("agent: {", "agent: {deterministic: true, ")
    assert FlakeStormConfig.from_yaml(text).advanced.control_repeats == 1
    assert FlakeStormConfig.from_yaml(text + "advanced: {control_repeats: 4}").advanced.control_repeats == 4


def test_advanced_settings_can_be_overridden() -> None:
    """The command line changes a copy; None changes nothing; a bad value is explained."""
    config = FlakeStormConfig.from_yaml(MINIMAL)
    before = config.digest
    changed = config.with_advanced(seed=7, concurrency=None)
    assert (changed.advanced.seed, changed.advanced.concurrency) == (7, 10)
    assert changed.digest != before
    assert config.advanced.seed == 0
    with pytest.raises(UsageError, match=r"concurrency: 0 is too small \(1–10000\)"):
        config.with_advanced(concurrency=0)


def test_made_from_python_values() -> None:
    """The model can be made without a file; it then writes YAML that loads."""
    config = FlakeStormConfig(
        agent={"endpoint": "http://localhost:8000/invoke"},
        golden_prompts=["yes", "1e3", "two\nlines", "${NAME}"],
        invariants=[{"type": "contains", "value": "on"}],
    )
    again = FlakeStormConfig.from_yaml(config.to_yaml(), environment={})
    assert again.golden == config.golden
    assert again.invariants == config.invariants


def test_python_values_are_checked_too() -> None:
    """A model made without a file raises pydantic's error, with the same checks across sections."""
    with pytest.raises(ValidationError, match="at least one invariant is needed"):
        FlakeStormConfig(agent={"endpoint": "http://localhost/"}, golden_prompts=["hello"])
    with pytest.raises(ValidationError, match="valid dictionary"):
        FlakeStormConfig.model_validate(["no", "mapping"])
