"""Request templates: any prompt arrives whole, and the template stays what it is."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flakestorm.agents.request_template import (
    FORM,
    JSON,
    TEXT,
    XML,
    Fill,
    RequestTemplate,
    Unsendable,
    query_template,
    structured_fields,
    with_session_field,
)

ANY_TEXT = st.text(st.characters(), max_size=30)
SENDABLE = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
HOSTILE = 'a"b\\c\nd\x00e{prompt}é𝒳\u202e</q>&x=1%%'


@settings(max_examples=100)
@given(ANY_TEXT)
@example(HOSTILE)
@example("\ud800 alone")
def test_json_holds_any_prompt(prompt: str) -> None:
    """Quoted, quoted among other text, and bare: the parsed body gives the prompt back."""
    template = RequestTemplate('{"a": "{prompt}", "b": "say: {prompt}!", "c": {prompt}, "d": {"e": [1]}}')
    body = json.loads(template.fill(Fill(prompt)))
    assert body == {"a": prompt, "b": f"say: {prompt}!", "c": prompt, "d": {"e": [1]}}


@settings(max_examples=100)
@given(SENDABLE)
@example(HOSTILE)
def test_form_holds_any_prompt(prompt: str) -> None:
    """The form's fields stay apart whatever is in the prompt."""
    template = RequestTemplate("q={prompt}&lang=en", "application/x-www-form-urlencoded; charset=utf-8")
    body = template.fill(Fill(prompt)).decode("ascii")
    assert parse_qs(body, keep_blank_values=True) == {"q": [prompt], "lang": ["en"]}


@settings(max_examples=100)
@given(SENDABLE)
def test_text_is_raw(prompt: str) -> None:
    """Plain text is sent as it is."""
    assert RequestTemplate("Q: {prompt}\n").fill(Fill(prompt)) == f"Q: {prompt}\n".encode()


def test_xml_is_escaped() -> None:
    """A prompt cannot end the element that it is in."""
    template = RequestTemplate("<q>{prompt}</q>", "text/xml")
    assert template.fill(Fill('</q><x a="1">&')) == b"<q>&lt;/q&gt;&lt;x a=&quot;1&quot;&gt;&amp;</q>"


@pytest.mark.parametrize(
    ("text", "declared", "content_type"),
    [
        ('{"q": "{prompt}"}', "", JSON),
        ("{prompt}", "", JSON),
        ("Say {prompt}", "", TEXT),
        ('{"q": "{prompt}"', "", TEXT),
        ("q={prompt}", "application/x-www-form-urlencoded", FORM),
        ("<q>{prompt}</q>", "application/soap+xml; charset=utf-8", XML),
        ('{"q": "{prompt}"}', "application/vnd.api+json", JSON),
    ],
)
def test_format_is_recognised(text: str, declared: str, content_type: str) -> None:
    """The content type decides, and without one whether the template reads as JSON."""
    assert RequestTemplate(text, declared).content_type == content_type


def test_lone_surrogate_in_plain_text_is_unsendable() -> None:
    """UTF-8 has no form for half a character; the message says where it is."""
    with pytest.raises(Unsendable, match=r"lone surrogate '\\udfff' at 2, which text/plain cannot carry"):
        RequestTemplate("> {prompt}").fill(Fill("ab\udfff"))


def test_fields_are_filled() -> None:
    """Fields go where they are named; bare ones keep numbers and booleans."""
    template = RequestTemplate('{"who": "{full_name}", "age": {age}, "ok": {ok}, "note": {note}}')
    prompt = 'Full Name:  Ann "A" Lee \nAge: 42\r\nOK: true\nNote: 0123'
    assert json.loads(template.fill(Fill(prompt))) == {
        "who": 'Ann "A" Lee',
        "age": 42,
        "ok": True,
        "note": "0123",
    }


def test_unknown_field_is_named_with_the_known_ones() -> None:
    """A structured prompt without the field cannot be sent as the template wants it."""
    with pytest.raises(Unsendable) as caught:
        RequestTemplate('{"q": "{adress}"}').fill(Fill("Name: x\nAddress: y"))
    assert str(caught.value) == (
        "the request template has {adress}, which the prompt does not give, did you mean 'address'? "
        "Its fields: name, address. To send {adress} as text, set parse_structured_input: false"
    )


def test_braces_stay_text_without_fields() -> None:
    """GraphQL's braces are no placeholders, neither for an unstructured prompt nor with parsing off."""
    text = '{"query": "query {answer} {prompt}"}'
    assert json.loads(RequestTemplate(text).fill(Fill("hi"))) == {"query": "query {answer} hi"}
    off = RequestTemplate(text, structured=False)
    assert json.loads(off.fill(Fill("Answer: x"))) == {"query": "query {answer} Answer: x"}


def test_messages_and_session() -> None:
    """The conversation is a JSON list, or its text inside of quotes; the session id is a text."""
    spoken = [{"role": "user", "content": 'h"i'}]
    template = RequestTemplate('{"m": {messages}, "t": "{messages}", "s": {session}}')
    body = json.loads(template.fill(Fill("x", spoken, "id-1")))
    assert body["m"] == spoken
    assert json.loads(body["t"]) == spoken
    assert body["s"] == "id-1"


@pytest.mark.parametrize(
    ("text", "structured", "has_prompt"),
    [
        ("{prompt}", False, True),
        ('{"m": {messages}}', False, True),
        ('{"n": "{name}"}', True, True),
        ('{"n": "{name}"}', False, False),
        ('{"s": "{session}"}', True, False),
        ("{}", True, False),
    ],
)
def test_has_prompt(text: str, structured: bool, has_prompt: bool) -> None:
    """Whether the request depends on the prompt at all."""
    assert RequestTemplate(text, structured=structured).has_prompt is has_prompt


def test_structured_fields() -> None:
    """Keys are normalised, the first of two wins, and prose, URLs and nonsense are left out."""
    text = (
        "User's Name: A\nuser name: B\nsee http://x/y\n: none\n***: z\nTime: 10:30\n" + "long " * 20 + ": no"
    )
    assert structured_fields(text) == {"users_name": "A", "user_name": "B", "time": "10:30"}


def test_structured_fields_of_a_huge_prompt() -> None:
    """A megabyte of blanks is read in linear time (a regular expression would take hours)."""
    assert structured_fields(" " * 1_000_000 + "\n" + ":" * 1_000_000) == {}


@pytest.mark.parametrize(
    ("text", "content_type", "expected"),
    [
        ('{"q": {prompt}}', "", '{"sid": {session}, "q": {prompt}}'),
        (" { } ", "", '{"sid": {session}} '),
        ('{"q": {prompt}, "id": "{session}"}', "", '{"q": {prompt}, "id": "{session}"}'),
        ("q={prompt}", FORM, "sid={session}&q={prompt}"),
        ("", FORM, "sid={session}"),
    ],
)
def test_session_field_is_added(text: str, content_type: str, expected: str) -> None:
    """The session id becomes a field of the body, unless the template says itself where it goes."""
    assert with_session_field(text, "sid", content_type) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plain {prompt}", "the request template is not a JSON object, so it cannot hold the field 'sid'"),
        ('"{prompt}"', "the request template is not a JSON object, so it cannot hold the field 'sid'"),
        (
            '{"sid": 1, "q": {prompt}}',
            "the request template already has 'sid'; write {session} there instead",
        ),
    ],
)
def test_session_field_without_a_place(text: str, message: str) -> None:
    """A template that cannot take the field is refused."""
    with pytest.raises(ValueError, match="request template") as caught:
        with_session_field(text, "sid", "")
    assert str(caught.value) == message


@settings(max_examples=60)
@given(SENDABLE, SENDABLE)
def test_query_holds_any_prompt(prompt: str, fixed: str) -> None:
    """Query parameters stay apart; fixed values are encoded, placeholders filled."""
    fixed = fixed.replace("{", "(")
    template = query_template({"q": "ask {prompt}", "a b": fixed})
    query = parse_qs(template.fill(Fill(prompt)).decode("ascii"), keep_blank_values=True)
    assert query == {"q": [f"ask {prompt}"], "a b": [fixed]}
