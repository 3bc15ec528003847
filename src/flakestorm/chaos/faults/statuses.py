"""LLM faults that are told by a status, or by a body that is no answer; nothing reaches the upstream."""

from __future__ import annotations

from flakestorm.chaos.config import LlmFault
from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.part import Decision, Occasion, Part
from flakestorm.chaos.faults.words.failure import Failure
from flakestorm.chaos.faults.words.port import Reply
from flakestorm.chaos.faults.words.providers import WORDS
from flakestorm.chaos.faults.words.writing import EVENT_STREAM

NO_SUCH_ERROR = "the provider has no such error"

HTML_TITLES = {200: "Service notice", 502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable"}


def failure(fault: LlmFault, occasion: Occasion) -> Decision:
    """The error that ``fault.mode`` means, in the provider's words."""
    answer = WORDS[occasion.request.provider].failure(told(fault, occasion))
    return NO_SUCH_ERROR if answer is None else Part(answer=answer)


def told(fault: LlmFault, occasion: Occasion) -> Failure:
    """What there is to tell of a fault, for a provider to put into words."""
    retry_after: str | None = ""
    if "retry_after" in fault.model_fields_set:
        retry_after = None if fault.retry_after is None else _header(fault.retry_after)
    return Failure(
        fault.mode,
        occasion.request,
        occasion.probe,
        occasion.now,
        fault.status,
        retry_after,
        fault.retry_after_ms,
    )


def html_error(fault: LlmFault, occasion: Occasion) -> Decision:
    """A page for people, as load balancers and captive portals give it."""
    return Part(answer=html_page(502 if fault.status is None else fault.status, occasion.probe))


def html_page(status: int, probe: str) -> Answer:
    """An HTML page with ``status``."""
    title = HTML_TITLES.get(status, f"Error {status}")
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        f"<hr><center>edge proxy, reference {probe}</center>\r\n</body>\r\n</html>\r\n"
    )
    return Answer(status, (("content-type", "text/html"), ("server", "edge")), page.encode())


def malformed_json(fault: LlmFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - as all faults
    """The first part of a good answer: JSON that never ends."""
    whole = WORDS[occasion.request.provider].reply(made_up(occasion, "The answer to your question is"))
    if whole is None:  # pragma: no cover - every provider has plain replies
        return NO_SUCH_ERROR
    body = whole.body[: len(whole.body) * 3 // 5].rstrip()
    if occasion.request.stream and occasion.request.provider != "ollama":
        # A stream that is cut is another fault; here one event is not JSON.
        body = b'data: {"id":"' + body[:40].replace(b"\n", b" ").replace(b"\r", b"") + b"\n\n"
    return Part(answer=Answer(200, whole.headers, body))


def empty_body(fault: LlmFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - as all faults
    """Status 200 and not one byte."""
    kind = EVENT_STREAM if occasion.request.stream else "application/json"
    return Part(answer=Answer(200, (("content-type", kind),), b""))


def made_up(occasion: Occasion, text: str) -> Reply:
    """An ordinary reply that says ``text``."""
    token = occasion.rng.getrandbits(48).to_bytes(6, "big").hex()
    return Reply(occasion.request, text, "plain", token, int(occasion.now.timestamp()))


def _header(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
