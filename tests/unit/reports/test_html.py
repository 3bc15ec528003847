"""The page contains what it should, reaches nothing, and lets no text become markup."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flakestorm.model.mutation import Edit
from flakestorm.model.run import PromptRow, Run, Score, Totals
from flakestorm.reports.html import write_html

FOREIGN = st.text(st.characters(), max_size=60) | st.sampled_from(
    [
        "</script>",
        "<img src=x onerror=alert(1)>",
        "'\"><svg/onload=x>",
        "\x00\u2028\ud800\u202e",
        "<!--",
        "&lt;",
    ]
)


class Page(HTMLParser):
    """All elements with their attributes, and all text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str | None]] = []
        self.blocks: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._inside: dict[str, str | None] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element."""
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.values += attrs
        self._inside = dict(attrs) if tag in ("script", "style") else None

    def handle_endtag(self, tag: str) -> None:
        """Leave a script or a style."""
        self._inside = None

    def handle_data(self, data: str) -> None:
        """Remember text, and blocks of data apart."""
        if self._inside is None:
            self.texts.append(data)
        elif "data-block" in self._inside:
            self.blocks.append((str(self._inside["data-block"]), data))

    @property
    def text(self) -> str:
        """Everything that is to be read."""
        return "".join(self.texts)


def page_of(run: Run) -> str:
    """The HTML report of ``run``."""
    out = io.BytesIO()
    write_html(run, out)
    return out.getvalue().decode("utf-8")


def unpack(packed: str) -> Any:
    """What a block of data holds."""
    return json.loads(zlib.decompress(base64.b64decode(packed), -15))


def with_text(run: Run, text: str) -> Run:
    """``run`` with ``text`` in every place that a user or an agent can fill."""
    example = run.causes[0].example
    verdict = replace(example.verdicts[0], invariant=text, detail=text, evidence=((0, 2), (1, 5)))
    trial = replace(example.trial, prompt=replace(example.trial.prompt, turns=(text, "ab"), name=text))
    assert trial.mutation is not None
    mutation = replace(
        trial.mutation, operator=text, type=text, edits=(Edit(0, 1, text),), turns=(text, text)
    )
    trial = replace(trial, mutation=mutation, scenario=text)
    record = replace(
        example, trial=trial, verdicts=(verdict,), outcome=replace(example.outcome, reply=text), note=text
    )
    cause = replace(run.causes[0], title=text, rule=text, type=text, example=record)
    row = PromptRow(
        "ab12", text, text, Totals(2, 1, 1), Totals(2, 1, 1), Score(0.5, 0.1, 0.9, 2), 0.5, 0.5, (text,)
    )
    type_row = replace(run.by_type[0], type=text)
    finding = replace(run.findings[0], title=text, detail=text, kind=text)
    info = replace(run.info, target=text, notes=(text,), config_path=text, stop_reason=text, request=None)
    return replace(
        run,
        info=info,
        assessment=replace(run.assessment, headline=text, reasons=(text,)),
        causes=(cause,),
        findings=(finding,),
        by_prompt=(row,),
        by_type=(type_row,),
        cells=(replace(run.cells[0], prompt="ab12", type=text),),
        records=lambda: iter([record]),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=FOREIGN)
def test_no_text_becomes_an_element_or_an_attribute(template: Any, text: str) -> None:
    """A page full of any text has the elements and attributes of a page full of a plain word, and marks."""
    plain = Page(page_of(with_text(template.run, "word")))
    foreign = Page(page_of(with_text(template.run, text)))
    assert set(foreign.elements) - {("mark", ())} <= set(plain.elements) | {
        ("span", ("class",)),
        ("bdi", ()),
        ("strong", ()),
        ("del", ()),
        ("ins", ()),
    }
    assert len([e for e in foreign.elements if e[0] == "script"]) == len(
        [e for e in plain.elements if e[0] == "script"]
    )
    assert not [name for name, _ in foreign.values if name.startswith("on") or name == "style"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=FOREIGN)
def test_every_trial_is_in_the_data_as_it_was(template: Any, text: str) -> None:
    """What the drawer unpacks is the record's public form, whatever characters are in it."""
    hostile = with_text(template.run, text)
    blocks = dict(Page(page_of(hostile)).blocks)
    expected = next(hostile.records()).to_dict()
    assert unpack(blocks["trials"]) == [json.loads(json.dumps(expected))]


def test_nothing_invisible_is_left_in_the_markup(hostile_run: Run) -> None:
    """Controls, bidi overrides, separators and NUL appear by name, never as themselves."""
    text = page_of(hostile_run)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2028\u2029]", text)
    assert "U+202E" in text


def test_page_has_all_six_parts(run: Run) -> None:
    """Verdict, causes, where, behaviour, trials and method are sections of one main element."""
    text = page_of(run)
    page = Page(text)
    sections = re.findall(r'<section[^>]*\bid="(\w+)"', text)
    assert sections == ["verdict", "causes", "where", "behaviour", "trials", "measured"]
    assert run.assessment.headline.split(" (")[0] in page.text
    assert "exit code 1" in page.text
    assert f"flakestorm run --only trial:{run.causes[0].example.trial.id}" in page.text
    assert run.info.config_digest in page.text


def test_policy_allows_this_script_and_this_style_only(run: Run) -> None:
    """The hashes in the policy are those of the one script and the one style, and nothing else is allowed."""
    text = page_of(run)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    allowed = policy.group(1).replace("&#x27;", "'")
    for element in ("script", "style"):
        body = re.search(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        assert body is not None
        digest = base64.b64encode(sha256(body.group(1).encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in allowed
    assert allowed.startswith("default-src 'none';")
    assert "unsafe" not in allowed


def test_page_reaches_nothing(run: Run) -> None:
    """No attribute points outside of the page."""
    for name, value in Page(page_of(run)).values:
        assert name not in ("src", "srcset", "action", "style")
        if name == "href":
            assert (value or "").startswith("#")


def test_heat_map_says_everything_in_numbers_too(run: Run) -> None:
    """Each cell holds passed/judged and a full sentence for screen readers."""
    text = page_of(run)
    cell = next(cell for cell in run.cells if cell.judged and not cell.errored)
    assert f">{cell.passed}/{cell.judged}</a>" in text
    assert f": {cell.passed} of {cell.judged} passed, {cell.errored} errored" in text


def test_only_the_worst_prompts_are_drawn(run: Run) -> None:
    """With many golden prompts the heat map keeps the worst 60 and says so."""
    rows = tuple(replace(run.by_prompt[0], id=f"p{n:03}", rate=Score(n / 100, 0, 1, 9)) for n in range(100))
    text = page_of(replace(run, by_prompt=rows, cells=()))
    assert "The 60 worst of 100 golden prompts" in text
    assert "#prompt=p059" in text
    assert "#prompt=p060" not in text


def test_rare_causes_are_left_to_the_table(run: Run) -> None:
    """Fifty causes are told; how many are not is said."""
    text = page_of(replace(run, causes=run.causes[:1] * 53))
    assert text.count('class="cause"') == 50
    assert "3 rarer causes are left out" in text


def test_empty_run_is_a_page(run: Run, fake: ModuleType) -> None:
    """A run without a single trial still gets a page with its verdict, and no latency."""
    empty = fake.make_run(0)
    empty = replace(empty, scores=replace(empty.scores, robustness=None, overall=None), findings=())
    page = Page(
        page_of(replace(empty, info=replace(empty.info, status="partial", stop_reason="interrupted")))
    )
    assert "Nothing broke." in page.text
    assert "No score: nothing could be judged." in page.text
    assert "partial: interrupted" in page.text
    assert "Partial: " in page.text.partition("exit code")[0]
    assert "How it behaves" not in page.text
    assert unpack(dict(page.blocks)["index"]) == []


def test_long_texts_are_cut_and_say_so(hostile_run: Run) -> None:
    """A megabyte goes into the data in part, with its true length beside it."""
    blocks = [unpack(data) for kind, data in Page(page_of(hostile_run)).blocks if kind == "trials"]
    cut = [trial["cut"] for block in blocks for trial in block if "cut" in trial]
    assert {"reply": 1_000_000, "text": 1_000_199} in cut
    assert all(len(trial["reply"] or "") <= 200_000 for block in blocks for trial in block)


def test_index_leads_to_each_trial(run: Run) -> None:
    """Block and place of each index row are where its trial lies; names have the right numbers."""
    page = Page(page_of(run))
    blocks = [unpack(data) for kind, data in page.blocks if kind == "trials"]
    rows = [row for kind, data in page.blocks if kind == "index" for row in unpack(data)]
    names = unpack(dict(page.blocks)["names"])
    assert len(rows) == 400
    for row in rows:
        trial = blocks[row[11]][row[12]]
        assert trial["id"] == row[0]
        assert names["prompts"][row[1]] == trial["prompt_id"]
        assert names["operators"][row[3]] == (trial["mutation"] or {"operator": ""})["operator"]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 130, 77])
def test_every_exit_code_has_words(run: Run, code: int) -> None:
    """Each exit code is told in words and as a number; an unknown one is never good."""
    page = Page(page_of(replace(run, assessment=replace(run.assessment, exit_code=code))))
    assert f"exit code {code}" in page.text
    assert ("Good enough" in page.text) == (code == 0)
