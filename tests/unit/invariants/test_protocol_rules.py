"""What the rules about attacks say of what was seen on the wire, shape by shape."""

from __future__ import annotations

from typing import Any

import pytest

from flakestorm.invariants.protocol_traces import DEBUG_PAGES, STACK_TRACES
from flakestorm.invariants.registry import Subject, invariant_types
from flakestorm.invariants.rules import parse_rule  # noqa: F401 - signs the rules up
from flakestorm.model.attack import Attack, Crowd, Due, Piece
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Judgement, Severity, VerdictStatus
from flakestorm.model.wire import Ended, Heartbeat, Wire, WireExchange

FINE = Heartbeat(10.0, 3, 0, 12.0)
OK = WireExchange(Ended.ANSWERED, 5.0, 100, status=200)
MARK = "FS-7Q4M-K2XD"


def judged(
    rule: str,
    *exchanges: WireExchange,
    attack: Attack | None = None,
    heartbeat: Heartbeat = FINE,
    unhealthy: str = "",
    prompt: str = "Hi",
    baseline: str | None = None,
    **options: Any,
) -> Judgement:
    """What ``rule`` says of these exchanges."""
    info = invariant_types.get(rule)
    mutation = Mutation("x", "x.y", (prompt,), Kind.PROTOCOL, 0, 0.3, (), attack=attack or Attack())
    wire = Wire(exchanges or (OK,), heartbeat, unhealthy)
    outcome = Outcome(1.0, wire.telling.body, status=wire.telling.status, wire=wire)
    trial = Trial.of(GoldenPrompt((prompt,)), mutation)
    check = info.build(info.options.model_validate({"type": rule, **options}))
    return check(Subject(trial, outcome, baseline))


def answer(status: int = 200, body: str = "", **headers: str) -> WireExchange:
    """A complete answer."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return WireExchange(Ended.ANSWERED, 5.0, 100, status=status, headers=pairs, body=body)


RULES = {
    "answered_in_time": Severity.HIGH,
    "no_server_error": Severity.HIGH,
    "no_stack_trace": Severity.HIGH,
    "no_debug_page": Severity.CRITICAL,
    "no_reflected_header": Severity.HIGH,
    "others_served": Severity.HIGH,
    "healthy_afterwards": Severity.CRITICAL,
    "own_reply": Severity.CRITICAL,
}


@pytest.mark.parametrize("rule", RULES)
def test_without_a_wire_nothing_is_said(rule: str) -> None:
    """A prompt, and an attack that was not sent, are skipped; severities are what the documentation says."""
    info = invariant_types.get(rule)
    options = info.options.model_validate({"type": rule})
    assert options.severity is RULES[rule]
    check = info.build(options)
    assert check(Subject(Trial.of(GoldenPrompt(("Hi",))), Outcome(1.0, "x"))).status is VerdictStatus.SKIPPED


@pytest.mark.parametrize(
    ("ended", "due", "sent", "all_sent", "passed"),
    [
        (Ended.ANSWERED, Due.ANSWER, 100, True, True),
        (Ended.LEFT, Due.ANSWER, 100, True, True),
        (Ended.TIMEOUT, Due.ANSWER, 100, True, False),
        (Ended.TIMEOUT, Due.ANSWER_OR_CLOSE, 100, True, False),
        (Ended.TIMEOUT, Due.NOTHING, 100, True, True),
        (Ended.REFUSED, Due.ANSWER, 0, False, False),
        (Ended.REFUSED, Due.NOTHING, 0, False, True),
        (Ended.CLOSED, Due.ANSWER, 100, True, False),
        (Ended.CLOSED, Due.ANSWER_OR_CLOSE, 100, True, True),
        (Ended.CLOSED, Due.ANSWER, 50_000, True, False),
        (Ended.CLOSED, Due.ANSWER, 50_000, False, True),
        (Ended.RESET, Due.ANSWER, 100, True, False),
        (Ended.RESET, Due.ANSWER, 50_000, True, True),
        (Ended.CUT, Due.ANSWER, 100, True, False),
        (Ended.CUT, Due.ANSWER, 50_000, True, True),
        (Ended.NOT_HTTP, Due.ANSWER, 100, True, False),
        (Ended.NOT_HTTP, Due.ANSWER_OR_CLOSE, 100, True, True),
    ],
)
def test_who_is_owed_an_answer(ended: Ended, due: Due, sent: int, all_sent: bool, passed: bool) -> None:
    """A valid request is; an invalid one may be hung up on; a large one may be refused half-way."""
    exchange = WireExchange(ended, 1500.0, sent, all_sent, body="reason")
    judgement = judged("answered_in_time", exchange, attack=Attack(due))
    assert (judgement.status is VerdictStatus.PASSED) is passed
    if not passed:
        assert judgement.detail


def test_one_of_many_clients_is_enough() -> None:
    """The detail tells how many were left without an answer."""
    lost = WireExchange(Ended.TIMEOUT, 3000.0)
    detail = judged("answered_in_time", OK, lost, OK, attack=Attack(crowd=Crowd(3))).detail
    assert detail == "no complete answer after 3.0 s (1 of 3 clients)"


@pytest.mark.parametrize(
    ("status", "attack", "passed"),
    [
        (200, Attack(), True),
        (307, Attack(), True),
        (499, Attack(), True),
        (501, Attack(), True),
        (505, Attack(), True),
        (500, Attack(), False),
        (502, Attack(), False),
        (503, Attack(), False),
        (504, Attack(), False),
        (503, Attack(crowd=Crowd(2)), True),
        (503, Attack(pipelined=2), True),
        (500, Attack(crowd=Crowd(2)), False),
    ],
)
def test_server_errors(status: int, attack: Attack, passed: bool) -> None:
    """501 and 505 are the standard's answers, and 503 turns a crowd away; others are errors."""
    assert (judged("no_server_error", answer(status), attack=attack).status is VerdictStatus.PASSED) is passed


TRACES = {
    "Python": 'Traceback (most recent call last):\n  File "/app/main.py", line 3, in <module>\nKeyError: 1',
    "Python in JSON": r'{"e": "Traceback (most recent call last):\n  File \"/app/a.py\", line 3, in f\n"}',
    "Python in HTML": "<pre>Traceback (most recent call last):\n  File &quot;/app/a.py&quot;, line 3</pre>",
    "Node": "TypeError: x\n    at f (/srv/app/index.js:10:5)\n    at Layer.handle (/srv/l.js:95:5)",
    "Node in HTML": "<pre>Error<br> &nbsp; &nbsp;at /srv/a.js:1:2<br> &nbsp; &nbsp;at f (node:x:3:4)</pre>",
    "Java": "java.lang.NullPointerException\n\tat com.example.Chat.post(Chat.java:42)",
    "Go": "panic: boom\n\ngoroutine 18 [running]:\nmain.main()",
    "PHP": "<b>Fatal error</b>:  Uncaught TypeError: f() in /var/www/a.php:3\nStack trace:\n#0 {main}",
    "Ruby": "app/models/x.rb:12:in `fetch'",
    ".NET": "   at Shop.Api.Chat.Post(String s) in C:\\src\\Chat.cs:line 12",
    ".NET framework": "   at System.Text.Json.JsonSerializer.Deserialize(String json)",
    "Rust": "thread 'tokio-runtime-worker' panicked at src/main.rs:10:5:",
    "Perl": "Died at /srv/www/chat.pl line 12.",
    "Elixir": "(shop 0.1.0) lib/shop/chat.ex:12: Shop.Chat.post/2",
}

HARMLESS = [
    "",
    "A traceback is a list of calls. In Python it begins with Traceback (most recent call last).",
    "We meet at 10:30:15 at /cafe, and then at home (10:40).",
    '{"detail":[{"type":"json_invalid","loc":["body",0],"msg":"JSON decode error","ctx":{"error":"x"}}]}',
    "Error: Not found. at your service",
    "<html><title>Error</title><pre>Cannot GET /chat</pre></html>",
    "Fatal error in our shop: none of the goods are there.",
    "Whitelabel Error Page. This application has no explicit mapping for /error",
    "Message: Bad request syntax ('GET').",
    "The exception proves the rule: see line 12 in chapter 3.",
    "panicked at the thought of it",
]

PAGES = {
    "Werkzeug": "<title>KeyError // Werkzeug Debugger</title>",
    "Django": "You’re seeing this error because you have <code>DEBUG = True</code> in your settings",
    "Django 404": "<p>Using the URLconf defined in <code>shop.urls</code>, Django tried</p>",
    "Starlette": "<html><head><title>Starlette Debugger</title>",
    "aiohttp": "<h1>500 Internal Server Error</h1>\n<h2>Traceback:</h2>\n<pre>x</pre>",
    "Express": "<title>Error</title>\n</head>\n<body>\n<pre>Error: x<br> &nbsp; &nbsp;at f (/a.js:1:2)</pre>",
    "Laravel": "<script>window.ignite({})</script>",
    "Whoops": "<title>Whoops! There was an error.</title>",
    "Symfony": "<!-- Boom (500 Internal Server Error) -->",
    "Spring": '{"status":500,"trace":"java.lang.IllegalStateException: x","path":"/chat"}',
    "Rails": "<title>Action Controller: Exception caught</title>",
    "ASP.NET": "<h1>An unhandled exception occurred while processing the request.</h1>",
    "Phoenix": "<title>RuntimeError at POST /chat</title>",
    "phpinfo": "<title>PHP 8.3.1 - phpinfo()</title>",
    "Rack": "You're seeing this error because you use <code>Rack::ShowExceptions</code>.",
}


@pytest.mark.parametrize("name", TRACES)
def test_stack_traces_are_recognised(name: str) -> None:
    """As text, in JSON and in HTML; the evidence lies in the reply."""
    body = f"Sorry. {TRACES[name]}"
    judgement = judged("no_stack_trace", answer(400, body))
    assert judgement.status is VerdictStatus.FAILED
    ((start, end),) = judgement.evidence
    assert 0 < start < end <= len(body)


@pytest.mark.parametrize("name", PAGES)
def test_debug_pages_are_recognised(name: str) -> None:
    """Whatever the status is."""
    assert judged("no_debug_page", answer(200, PAGES[name])).status is VerdictStatus.FAILED


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("rule", ["no_stack_trace", "no_debug_page"])
def test_talk_about_errors_is_no_trace(rule: str, text: str) -> None:
    """Agents talk about exceptions, and servers have plain error pages."""
    assert judged(rule, answer(400, text)).status is VerdictStatus.PASSED


@pytest.mark.parametrize("table", [STACK_TRACES, DEBUG_PAGES])
def test_all_shapes_are_fast(table: dict[str, str]) -> None:
    """A hostile body of 64 KB does not take long to look through."""
    rule = "no_stack_trace" if table is STACK_TRACES else "no_debug_page"
    for unit in (
        "at a",
        "File '",
        "<br> &nbsp;",
        "(",
        "Traceback (most recent call last):",
        "at /a.js:1:2 ",
        "a.b.",
    ):
        body = (unit * 65536)[:65536]
        assert judged(rule, answer(400, body)).status is VerdictStatus.PASSED


def test_what_is_usual_is_not_disclosed() -> None:
    """A prompt about a trace, and an agent that answers so anyway, do not make the attack a finding."""
    trace = TRACES["Python"]
    assert (
        judged("no_stack_trace", answer(200, trace), prompt=f"Explain: {trace}").status
        is VerdictStatus.PASSED
    )
    assert judged("no_stack_trace", answer(200, trace), baseline=trace).status is VerdictStatus.PASSED


IN_HEADER = Attack(headers=(Piece(f"X-Note: {MARK}\r\n"),), marker=MARK)
IN_QUERY = Attack(query=(Piece(f"a=%0d%0aX-{MARK}:1"),), marker=MARK)


@pytest.mark.parametrize(
    ("attack", "exchange", "passed"),
    [
        (IN_HEADER, answer(), True),
        (IN_HEADER, answer(X_Note=MARK.lower()), False),
        (IN_HEADER, answer(Location=f"http://{MARK}.invalid/"), False),
        (IN_HEADER, answer(200, f"You sent {MARK}", Content_Type="text/html"), True),
        (IN_HEADER, answer(200, f'You sent "><{MARK} x="', Content_Type="text/html; charset=utf-8"), False),
        (IN_HEADER, answer(200, f'You sent "><{MARK} x="', Content_Type="application/json"), True),
        (IN_HEADER, answer(200, f"&lt;{MARK}", Content_Type="text/html"), True),
        (IN_HEADER, answer(200, f"TRACE\r\nX: {MARK}", Content_Type="message/http"), False),
        (IN_HEADER, answer(Access_Control_Allow_Origin=f"https://{MARK}"), True),
        (IN_HEADER, answer(Access_Control_Allow_Origin=MARK, Access_Control_Allow_Credentials="true"), False),
        (IN_QUERY, answer(Location=f"/chat/?a=%0d%0aX-{MARK}:1"), True),
        (IN_QUERY, answer(**{f"X_{MARK}": "1"}), False),
    ],
)
def test_reflections(attack: Attack, exchange: WireExchange, passed: bool) -> None:
    """A header that comes back, a header made of a value, HTML that is not escaped."""
    assert (judged("no_reflected_header", exchange, attack=attack).status is VerdictStatus.PASSED) is passed


def test_nothing_planted_nothing_said() -> None:
    """Without a marker the rule is skipped."""
    assert judged("no_reflected_header").status is VerdictStatus.SKIPPED


def marked(*bodies: str) -> Judgement:
    """What ``own_reply`` says of the answers to clients a, b, c …"""
    exchanges = [
        WireExchange(Ended.ANSWERED, 1.0, status=200, body=body, marker=f"{MARK}-{number:03d}")
        for number, body in enumerate(bodies)
    ]
    return judged("own_reply", *exchanges, attack=Attack(crowd=Crowd(len(bodies), marked=True), marker=MARK))


def test_replies_and_their_owners() -> None:
    """Another client's marker in a reply is a leak; nobody's marker anywhere proves nothing."""
    assert marked(f"re {MARK}-000", f"re {MARK}-001").status is VerdictStatus.PASSED
    assert marked(f"re {MARK}-000", "ok").status is VerdictStatus.PASSED
    assert marked("ok", "ok").status is VerdictStatus.SKIPPED
    mixed = marked(f"re {MARK}-001", f"re {MARK}-001")
    assert mixed.status is VerdictStatus.FAILED
    assert f"the answer to the request with {MARK}-000 has {MARK}-001 in it" in mixed.detail
    assert judged("own_reply").status is VerdictStatus.SKIPPED


@pytest.mark.parametrize(
    ("heartbeat", "passed"),
    [
        (Heartbeat(10.0, 5, 0, 1999.0), True),
        (Heartbeat(10.0, 5, 0, 2001.0), False),
        (Heartbeat(900.0, 5, 0, 8900.0), True),
        (Heartbeat(900.0, 5, 0, 9100.0), False),
        (Heartbeat(10.0, 5, 0, 20.0, "status 500"), True),
        (Heartbeat(10.0, 4, 1, 20.0, "status 500"), False),
        (Heartbeat(10.0, 0, 1, 0.0, "no answer within 9.0 s"), False),
    ],
)
def test_others(heartbeat: Heartbeat, passed: bool) -> None:
    """They may be slowed down to two seconds, or ten times, and none may fail twice in a row."""
    judgement = judged("others_served", heartbeat=heartbeat)
    assert (judgement.status is VerdictStatus.PASSED) is passed
    if heartbeat.failed:
        assert heartbeat.problem in judgement.detail


def test_how_long_others_may_wait_can_be_set() -> None:
    """``max_ms`` is the one option that there is."""
    slow = Heartbeat(10.0, 5, 0, 3000.0)
    assert judged("others_served", heartbeat=slow, max_ms=4000).status is VerdictStatus.PASSED


def test_health() -> None:
    """What was wrong afterwards is in the detail."""
    assert judged("healthy_afterwards").status is VerdictStatus.PASSED
    judgement = judged("healthy_afterwards", unhealthy="status 502")
    assert judgement.status is VerdictStatus.FAILED
    assert judgement.detail.endswith("status 502")
