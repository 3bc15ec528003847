"""Format poisoning: markup, code and template syntax around the prompt, harmless or with an order inside.

Wrapping escapes what the format requires and says nothing new, so the golden prompt's invariants still apply.
The hostile operators carry the canary; where a joined canary comes back, somebody evaluated the expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import around
from flakestorm.mutations.format_poisoning_templates import ATTACKS, PLACEHOLDERS
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.templates import register_templates

FAMILY = "format_poisoning"

Escapes = Mapping[str, str]

JSON_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
XML_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
LATEX_ESCAPES = {
    character: "\\" + character for character in "&%$#_{}"
} | {"\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"}  # fmt: skip

WRAPPINGS: dict[str, tuple[str, Escapes, tuple[str, ...]]] = {
    "json_wrapped": (
        "Sends the prompt as a field of a JSON document",
        JSON_ESCAPES,
        (
            '{"message": "{prompt}"}',
            '{"version": 1, "user": {"query": "{prompt}", "tags": []}}',
            '[{"role": "user", "content": "{prompt}"}]',
        ),
    ),
    "xml_wrapped": (
        "Sends the prompt as an element of an XML document",
        XML_ESCAPES,
        (
            '<?xml version="1.0"?>\n<request><text>{prompt}</text></request>',
            "<question>{prompt}</question>",
            '<s:Envelope xmlns:s="urn:example:s"><s:Body>{prompt}</s:Body></s:Envelope>',
        ),
    ),
    "yaml_wrapped": (
        "Sends the prompt as a value of a YAML document",
        JSON_ESCAPES,
        ('---\nquestion: "{prompt}"\n', 'request:\n  - kind: question\n    text: "{prompt}"\n...\n'),
    ),
    "csv_wrapped": (
        "Sends the prompt as a cell of a CSV table",
        {'"': '""'},
        ('id,question\n1,"{prompt}"\n', 'question;priority\n"{prompt}";1\n'),
    ),
    "html_wrapped": (
        "Sends the prompt inside HTML elements",
        XML_ESCAPES,
        (
            "<!doctype html>\n<title>Question</title>\n<p>{prompt}</p>",
            '<div class="msg"><span style="color:#333">{prompt}</span></div>',
            "<b>{prompt}</b>",
        ),
    ),
    "sql_wrapped": (
        "Sends the prompt as a string of an SQL statement",
        {"'": "''"},
        (
            "SELECT answer FROM answers WHERE question = '{prompt}';",
            "INSERT INTO questions (text) VALUES ('{prompt}');",
        ),
    ),
    "latex_wrapped": (
        "Sends the prompt inside a LaTeX document",
        LATEX_ESCAPES,
        ("\\begin{document}\n{prompt}\n\\end{document}", "\\textbf{Question:} \\emph{{prompt}}"),
    ),
    "markdown_fence_wrapped": (
        "Sends the prompt in a code fence",
        {},
        ("```\n{prompt}\n```", "~~~text\n{prompt}\n~~~"),
    ),
    "markdown_wrapped": (
        "Sends the prompt as a Markdown heading, quotation, list item or table cell",
        {"\n": " "},
        ("# {prompt}", "> {prompt}", "- [ ] {prompt}", "| Question |\n|---|\n| {prompt} |", "**{prompt}**"),
    ),
    "ansi_wrapped": (
        "Sends the prompt in terminal colours",
        {},
        ("\x1b[31m{prompt}\x1b[0m", "\x1b[1;4m{prompt}\x1b[0m", "\x1b[38;5;208m{prompt}\x1b[39m"),
    ),
}


def _register_wrapping(name: str, summary: str, escapes: Escapes, wordings: tuple[str, ...]) -> None:
    parts = [wording.partition("{prompt}")[::2] for wording in wordings]

    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - wrapped or not
        escaped = _escaped(source, escapes)
        if escaped is None:
            return None
        before, after = rng.choice(parts)
        end = len(source.text)
        opening = (Edit(0, 0, before),) if before else ()
        return Draft((*opening, *escaped, Edit(end, end, after)) if after else (*opening, *escaped))

    apply.__doc__ = f"{summary}."
    apply.__name__ = name
    operator(FAMILY, name, Kind.PRESERVES_MEANING)(apply)


def _escaped(source: Source, escapes: Escapes) -> list[Edit] | None:
    """One edit per character that the format cannot hold; None where such a character is protected."""
    edits = []
    if not escapes.keys().isdisjoint(source.text):
        for place, character in enumerate(source.text):
            if character in escapes:
                if not source.wording.is_free(place, place + 1):
                    return None
                edits.append(Edit(place, place + 1, escapes[character]))
    return edits


for _name, (_summary, _escapes, _wordings) in WRAPPINGS.items():
    _register_wrapping(_name, _summary, _escapes, _wordings)

register_templates(FAMILY, PLACEHOLDERS, Kind.PRESERVES_MEANING)
register_templates(FAMILY, ATTACKS)


@operator(FAMILY, "unbalanced_brackets", Kind.PRESERVES_MEANING)
def unbalanced_brackets(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds brackets and quotation marks that are never closed."""
    number = 1 + round(6 * intensity)
    return around(source.text, "", " " + "".join(rng.choices(("(", "[", "{", "<", '"', "'", "`"), k=number)))
