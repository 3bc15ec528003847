"""No secret gets into a cassette, wherever it is planted."""

from __future__ import annotations

import base64
import json
import re
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.replay.cassette import Cassette, Mode
from flakestorm.replay.hushing import Hush, named_secrets
from flakestorm.replay.recorded_call import Answered, Asked

BEARER = "planted-bearer-value-1"
GOOGLE = "planted-google-value-2"
QUERY = "planted/query+value=3"
COOKIE = "planted-cookie-value-4"
USERINFO = "planted-userinfo-value-5"
VARIABLE = 'planted"variable\\value/6'
BASIC = "planted-basic-value-7"
FIELD = "planted-field-value-8"
FORM = "sk-ant-planted0123456789abcdefg9"
SET_COOKIE = "planted-set-cookie-value-10"
UMLAUT = "plänted-ümlaut-välue-11"
SPREAD = "planted-spread-over-pieces-12"
PLANTED = (
    *(BEARER, GOOGLE, QUERY, COOKIE, USERINFO, VARIABLE, BASIC, FIELD, FORM, SET_COOKIE, UMLAUT, SPREAD),
)


def forms(secret: str) -> set[str]:
    """How a secret may be written down."""
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    }


def echo() -> Answered:
    """A tool that sends everything back, and a stream that says a secret piece by piece."""
    everything = json.dumps(
        {
            "seen": PLANTED,
            "headers": {"X-Api-Key": FIELD, "Cookie": f"session={COOKIE}"},
            "url": f"https://u:{USERINFO}@host/?key={QUERY}",
            "arguments": json.dumps({"password": FIELD, "city": "Oslo"}),
        },
        ensure_ascii=False,
    ).encode()
    half = len(everything) // 2
    pieces = [f'data: {{"delta": {{"content": "{letter}"}}}}\n\n'.encode() for letter in SPREAD]
    chunks = ((0.0, everything[:half]), (1.0, everything[half:]), *((2.0, piece) for piece in pieces))
    return Answered(200, (("set-cookie", f"id={SET_COOKIE}; Path=/"), ("x-echo", BEARER)), chunks)


def test_planted_keys_are_nowhere_in_the_file(tmp_path: Path) -> None:
    """Headers, query, body, cookies, tool results, URL userinfo, environment values, pieces of a stream."""
    known = {VARIABLE, UMLAUT, SPREAD, SET_COOKIE, FIELD}
    cassette = Cassette(tmp_path / "tape.jsonl", Mode.ALL, known, agent=f"http://u:{USERINFO}@agent/")
    take = cassette.take("trial")
    basic = base64.b64encode(f"user:{BASIC}".encode()).decode()
    asked = Asked(
        "http",
        "host",
        url=f"https://u:{USERINFO}@host/path?key=planted%2Fquery%2Bvalue%3D3&city=Oslo",
        headers={
            "authorization": f"Bearer {BEARER}",
            "x-goog-api-key": GOOGLE,
            "cookie": f"session={COOKIE}; lang=en",
            "proxy-authorization": f"Basic {basic}",
        },
        body=json.dumps({"text": " ".join(PLANTED), "api_key": FIELD, "city": "Oslo"}).encode(),
    )
    assert take.answer(asked) is None
    take.begin(asked)(echo())
    written = cassette.write()
    assert written is not None
    text = (tmp_path / "tape.jsonl").read_text("utf-8")
    for secret in PLANTED:
        for form in forms(secret):
            assert form not in text
    again = Cassette(tmp_path / "tape.jsonl", Mode.NONE, known)
    answered = again.take("trial").answer(asked)
    assert answered is not None
    said = b"".join(data for _, data in answered.chunks).decode()
    assert "Oslo" in said
    assert "".join(re.findall(r'"content": "(.)"', said)) == "[redacted]".ljust(len(SPREAD), "*")


def test_chunks_keep_their_boundaries() -> None:
    """What replaces a secret in an answer is as long, so that a stream is cut where it was."""
    hush = Hush(["planted-secret"])
    chunks = ((0.0, b"ab planted-"), (5.0, b"secret cd"))
    clean = hush.answer(Answered(200, (), chunks))
    assert [len(data) for _, data in clean.chunks] == [11, 9]
    assert clean.body == b"ab [redacted]**** cd"
    assert [at_ms for at_ms, _ in clean.chunks] == [0.0, 5.0]


def test_words_of_models_stay() -> None:
    """Fields that are named like secrets and are none, and a short word under such a name."""
    hush = Hush()
    said = b'{"max_tokens": 5, "logprobs": [{"token": "Hello"}], "signature": "abcdefghijklmnopqrstuvwxyz"}'
    assert hush.answer(Answered(200, (), ((0.0, said),))).body == said


def test_a_secret_that_holds_json_leaves_json() -> None:
    """A value with quotes is blotted out without breaking the text around it."""
    hush = Hush(['"b":"ccc'])
    assert json.loads(hush.json('{"a":"x","b":"cccc"}')) == {"a": "x", "b": "cccc"}


def test_variables_are_secret_by_name() -> None:
    """Keys and tokens; no paths, no addresses, no short flags."""
    found = named_secrets(
        {
            "SHOP_TOKEN": "abcdefgh",
            "DB_PASSWORD": "hunter2hunter2",
            "OPENAI_API_KEY": "sk-12345678",
            "SSH_AUTH_SOCK": "/run/ssh/socket",
            "TOKEN_URL": "https://example.org/token",
            "MAX_TOKENS": "123456789",
            "API_KEY": "no",
        }
    )
    assert found == {"abcdefgh", "hunter2hunter2", "sk-12345678"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.lists(st.integers(0, 60), max_size=4))
def test_a_known_secret_is_hidden_however_it_is_cut(before: str, after: str, cuts: list[int]) -> None:
    """In any surroundings, over any chunks; and the length stays."""
    secret = "planted-secret-value"
    body = json.dumps({"text": f"{before}{secret}{after}"}).encode()
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    chunks = tuple((0.0, body[a:b]) for a, b in pairwise(places))
    clean = Hush([secret]).answer(Answered(200, (), chunks))
    assert secret.encode() not in clean.body
    assert [len(data) for _, data in clean.chunks] == [len(data) for _, data in chunks]
