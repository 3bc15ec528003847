"""The flakestorm.yaml that ``init`` writes: works once the endpoint is right, and explains itself."""

from __future__ import annotations

SCHEMA_PATH = ".flakestorm/config.schema.json"
"""Where ``init`` puts the schema, relative to the configuration; editors need no network for it."""

ENDPOINT = "http://localhost:8000/invoke"

_SETTINGS = """\
# flakestorm configuration. Check it with: flakestorm verify    Run it with: flakestorm run
version: "2.0"

# Python files or modules of your own that register operators, invariants, kinds of agent or report formats.
# plugins: [./my_plugins.py]

# The agent under test. An HTTP agent gets {"input": "<prompt>"} unless request_template says otherwise;
# the reply is found by itself, or where response_path says ($.choices[0].message.content).
# Other kinds: type: python (endpoint: my_agent:invoke), langchain, openai, command.
agent:
  endpoint: @ENDPOINT@
  type: http
  timeout: 30000 # milliseconds
  # headers:
  #   Authorization: "Bearer ${AGENT_TOKEN}" # keys come from the environment and are never stored
  # request_template: '{"message": "{prompt}"}'
  # response_path: $.reply

# Inputs that the agent must handle correctly when nothing is wrong. Replace them by your own: five to ten
# that cover what the agent is for. A list of texts is a conversation; its last turn gets disturbed.
golden_prompts:
  - "What can you help me with?"
  - "Summarise in one sentence what you do."
  - name: greeting, then a question
    turns: ["Hello!", "What do you need to know to get started?"]

# How each golden prompt is disturbed. More types: flakestorm mutations --list
mutations:
  count: 10 # mutations of each golden prompt
  types:
    - paraphrase
    - noise
    - tone_shift
    - prompt_injection
    - encoding_attacks
    - context_manipulation
    - length_extremes

# What must be true of the replies. Rules about the right answer apply where the meaning is preserved;
# rules about form, safety and speed always do. More types: flakestorm schema config
invariants:
  - type: completes
  - type: output_not_empty
  - type: latency
    max_ms: 10000
  # - type: contains
  #   value: "confirmed"
  #   severity: critical # critical, high, medium or low
  # - type: valid_json

# Reports: html, json, jsonl, junit, sarif, markdown, csv, terminal; one or a list.
output:
  format: [terminal, html]
  path: ./reports

# Speed, repetitions and limits. The same seed gives the same mutations.
advanced:
  concurrency: 10
  retries: 2
  seed: 0
  # min_score: 0.9 # below this robustness (0 to 1) the run fails
  # max_minutes: 10
"""

_OPTIONAL = """\
# Who writes mutations. builtin needs no model, no network and no key.
model:
  provider: builtin

# Faults of what the agent depends on: its tools, its language model, the content that it reads.
chaos:
  tool_faults:
    - tool: "*"
      mode: error
      error_code: 503
      probability: 0.3
  llm_faults:
    - mode: rate_limit
      after_calls: 5

# Rules that must hold in every scenario of the matrix.
contract:
  name: Basic promises
  invariants:
    - id: always-answers
      type: output_not_empty
      severity: critical
  chaos_matrix:
    - name: no-chaos
    - name: tools-down
      tool_faults: [{tool: "*", mode: error, error_code: 503}]

# Recorded sessions that must not go wrong again.
replays:
  sessions:
    - file: replays/incident_001.yaml

# Weights of the overall score.
scoring: {mutation: 0.20, chaos: 0.35, contract: 0.35, replay: 0.10}

# What `flakestorm ci` asks of a run.
ci: {min_score: 0.8, fail_on: critical}
"""


def config_template(endpoint: str = ENDPOINT, schema: str | None = SCHEMA_PATH) -> str:
    """The text of a new flakestorm.yaml for the agent at ``endpoint``.

    ``schema`` is the path that editors read the JSON Schema from; None leaves the line out.
    """
    quoted = "'" + endpoint.replace("'", "''") + "'"
    first = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    asleep = "".join(f"# {line}".rstrip() + "\n" for line in _OPTIONAL.splitlines())
    return (
        first
        + _SETTINGS.replace("@ENDPOINT@", quoted)
        + "\n# Further sections; remove the leading '# ' to use one.\n#\n"
        + asleep
    )


def optional_sections() -> str:
    """The sections that the template shows as comments, as they read when they are in use."""
    return _OPTIONAL
