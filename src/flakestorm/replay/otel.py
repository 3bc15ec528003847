"""OpenTelemetry's GenAI spans (OTLP in JSON) as sessions: a trace is one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from flakestorm.replay.conversation import Conversation, value_of
from flakestorm.replay.foreign import Foreign
from flakestorm.replay.imported import Answered, Imported

SOURCE = "otel"
_ERROR = (2, "STATUS_CODE_ERROR", "2")
_INPUTS = ("gen_ai.input.messages", "gen_ai.prompt", "input.value", "traceloop.entity.input")
"""Attributes with what was said: the semantic conventions, then what instrumentations wrote before them."""
_RESULTS = ("gen_ai.tool.call.result", "gen_ai.tool.message", "output.value", "traceloop.entity.output")
_OPERATION = "gen_ai.operation.name"
_TOOL = "gen_ai.tool.name"
_AGENT_STEPS = ("invoke_agent", "chat", "text_completion", "generate_content")


@dataclass
class _Span:
    """One span with its attributes as plain values."""

    where: Foreign
    name: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    failure: str

    @property
    def latency_ms(self) -> float:
        return max(0.0, (self.end_ns - self.start_ns) / 1e6)


@dataclass
class _Trace:
    spans: list[_Span] = field(default_factory=list)


def sessions_in(documents: Iterable[Foreign]) -> Iterator[Imported]:
    """One session for each trace with a GenAI span. Raises ``UnknownShape``.

    ``documents`` are exports: each has ``resourceSpans``, as collectors write them, one or many to a file.
    """
    traces: dict[str, _Trace] = {}
    for document in documents:
        for id_, span in _spans(document):
            traces.setdefault(id_, _Trace()).spans.append(span)
    for id_, trace in traces.items():
        session = _session(id_, sorted(trace.spans, key=lambda span: span.start_ns))
        if session is not None:
            yield session


def _spans(document: Foreign) -> Iterator[tuple[str, _Span]]:
    for resource in document.at("resourceSpans").items():
        for scope in (resource.get("scopeSpans", "instrumentationLibrarySpans") or _none(resource)).items():
            for span in scope.at("spans").items():
                yield span.at("traceId").text(), _span(span)


def _none(resource: Foreign) -> Foreign:
    return Foreign([], f"{resource.where}.scopeSpans")


def _span(span: Foreign) -> _Span:
    status = span.get("status")
    failure = ""
    if status is not None and status.mapping().get("code") in _ERROR:
        message = status.get("message")
        failure = message.text() if message is not None else "the span's status is error"
    events = span.get("events")
    return _Span(
        where=span,
        name=span.at("name").text(),
        start_ns=int(span.at("startTimeUnixNano").number()),
        end_ns=int(span.at("endTimeUnixNano").number()),
        attributes=_attributes(span),
        events=[
            (event.at("name").text(), _attributes(event)) for event in (events.items() if events else ())
        ],
        failure=failure,
    )


def _attributes(holder: Foreign) -> dict[str, Any]:
    found = holder.get("attributes")
    return {} if found is None else {a.at("key").text(): _value(a.at("value")) for a in found.items()}


def _value(value: Foreign) -> Any:
    """The plain value of an ``AnyValue``."""
    for kind, content in value.mapping().items():
        inside = Foreign(content, f"{value.where}.{kind}")
        if kind in ("stringValue", "boolValue", "bytesValue"):
            return content
        if kind in ("intValue", "doubleValue"):
            return inside.number()
        if kind == "arrayValue":
            values = inside.get("values")
            return [] if values is None else [_value(item) for item in values.items()]
        if kind == "kvlistValue":
            values = inside.get("values")
            pairs = () if values is None else values.items()
            return {pair.at("key").text(): _value(pair.at("value")) for pair in pairs}
        raise inside.refusal("stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue")
    return None


def _session(id_: str, spans: list[_Span]) -> Imported | None:
    talk, told = Conversation(), ""
    for span in spans:
        if str(span.attributes.get(_OPERATION, "")) in _AGENT_STEPS and not talk.messages:
            _listen(span, talk)
    if not talk.question:
        # Instrumentations without the conventions: the first span that knows an input.
        for span in spans:
            if not talk.question:
                _listen(span, talk)
    if not talk.question:
        return None
    answered = tuple(answer for span in spans for answer in _answered(span))
    told = next((span.failure for span in spans if span.failure), "")
    started = datetime.fromtimestamp(spans[0].start_ns / 1e9, timezone.utc)
    return Imported(
        id=f"otel-{id_}",
        input=talk.question,
        source=SOURCE,
        name=spans[0].name,
        captured_at=started.isoformat(timespec="seconds"),
        context=tuple(talk.before),
        answered=answered or tuple(talk.answered),
        failed_with=told,
    )


def _listen(span: _Span, talk: Conversation) -> None:
    """Take in what the span's attributes and events say was said."""
    for key in _INPUTS:
        if span.attributes.get(key) is not None:
            for message in _messages(span.attributes[key], f"{span.where.where}.attributes[{key}]"):
                talk.add(message)
            return
    for name, attributes in span.events:
        if name == "gen_ai.client.inference.operation.details" and "gen_ai.input.messages" in attributes:
            where = f"{span.where.where}.events[{name}]"
            for message in _messages(attributes["gen_ai.input.messages"], where):
                talk.add(message)
        elif name in ("gen_ai.user.message", "gen_ai.system.message"):
            talk.add(
                Foreign({"role": name.split(".")[1], **attributes}, f"{span.where.where}.events[{name}]")
            )


def _messages(value: Any, where: str) -> Iterator[Foreign]:
    """Messages, which attributes hold as JSON in a text, or as a list; any other text is what was said."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            pass
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        value = value["messages"]
    yield from Foreign(value if isinstance(value, list) else [value], where).items()


def _answered(span: _Span) -> Iterator[Answered]:
    tool = span.attributes.get(_TOOL)
    if not isinstance(tool, str) and span.attributes.get(_OPERATION) != "execute_tool":
        return
    name = tool if isinstance(tool, str) else span.name.removeprefix("execute_tool ")
    result = next((span.attributes[key] for key in _RESULTS if key in span.attributes), None)
    if span.failure:
        yield Answered(name, value_of(result if result is not None else span.failure), 500, span.latency_ms)
    else:
        yield Answered(name, value_of(result), None, span.latency_ms)
