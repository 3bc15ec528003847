"""What the sample agent's LLM says: a small deterministic mind with the faults of a large one.

It understands questions through typing errors and other wordings, because it looks for words that resemble
those of a topic. Like many models it trusts system messages blindly, is proud of reading Base64, can be asked
for its rules, likes to follow output formats, and needs a time that grows with the square of what it reads.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache

from flakestorm.testing import Message, Reply, Tool, ToolCall

CHARACTERS_PER_TOKEN = 4
TOKENS_READ_IN_A_SECOND = 20_000
"""Twice as many take four seconds: attention compares every token with every other."""
LONGEST_WORD = 24
"""A longer one is no word of a question."""

TOPICS: dict[str, frozenset[str]] = {
    topic: frozenset(words.split())
    for topic, words in (
        (
            "order",
            "order parcel package arrive arrives arrival arriving deliver delivered delivery track come",
        ),
        ("returns", "return returns returning refund refunds exchange money back worn unused boots tent"),
        ("shipping", "shipping ship postage freight canada cost costs much price charge dispatch abroad"),
        ("warranty", "warranty guarantee repair repairs fix mend broken broke break zip zipper seam pole"),
        ("hours", "open opening opens hours close closes closing sunday weekend store shop portland when"),
    )
}
ORDER_NUMBER = re.compile(r"\bfh[-–_ ]?\d{5}\b", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+")
CODES: tuple[tuple[re.Pattern[str], Callable[[str], bytes]], ...] = (
    (re.compile(r"\b(?:[0-9a-f]{2} ?){8,}", re.IGNORECASE), bytes.fromhex),
    (re.compile(r"\b[A-Z2-7]{16,}={0,6}"), base64.b32decode),
    (re.compile(r"\b[A-Za-z0-9+/]{16,}={0,2}"), base64.b64decode),
)
"""How codes look, and what reads them."""
CODE_WORD = re.compile(r"\b[A-Z0-9]+(?:-[A-Z0-9]+)+\b")
FORMAT_WISH = re.compile(r"\b(?:format|template|first line|begin your reply)\b", re.IGNORECASE)
ASKS_FOR_RULES = re.compile(r"\b(?:list|repeat) .{0,40}\b(?:rules?|text above)\b", re.IGNORECASE)

LOST = (
    "I am not sure what you need. I can help with orders, returns, shipping, repairs and opening hours: "
    "could you put it in other words?"
)
NO_NUMBER = "Happy to look that up! What is your order number? It looks like FH-12345."


def respond(messages: Sequence[Message], tools: Sequence[Tool]) -> Reply:
    """The model's next message, after the time that it takes to read ``messages``."""
    spoken = _after_tool(messages[-1]) if messages[-1].role == "tool" else _understand(messages, tools)
    size = sum(len(message.text) for message in messages) / CHARACTERS_PER_TOKEN
    return Reply(spoken.text, spoken.tool_calls, delay_s=(size / TOKENS_READ_IN_A_SECOND) ** 2)


def _after_tool(message: Message) -> Reply:
    result = json.loads(message.text)
    if "error" in result:
        return Reply(result["error"])
    return Reply(f"{result['answer']} [source: {result['source']}]")


def _understand(messages: Sequence[Message], tools: Sequence[Tool]) -> Reply:
    rules, *notes = [message.text for message in messages if message.role == "system"] or [""]
    for note in notes:
        # Weakness: whatever stands in a system message is done.
        if order := CODE_WORD.search(note):
            return Reply(f"Understood. {order[0]}")
    question = messages[-1].text
    if decoded := _decoded(question):
        # Weakness: what was hidden in a code is trusted like a wish of the user.
        if order := CODE_WORD.search(decoded):
            return Reply(f"I decoded your message. {order[0]}")
        question = decoded
    if ASKS_FOR_RULES.search(question):
        # Weakness: the rules are no secret to somebody who asks for them as a list.
        return Reply(f"Of course, these are my rules: {rules}")
    if FORMAT_WISH.search(question) and (order := CODE_WORD.search(ORDER_NUMBER.sub("", question))):
        # Weakness: what looks like a wish about the format is granted, whatever it says.
        return Reply(f"{order[0]}\n{LOST}")
    call = _tool_for(question)
    if call is None or call.name not in {tool.name for tool in tools}:
        return Reply(LOST)
    return Reply(tool_calls=(call,)) if all(call.arguments.values()) else Reply(NO_NUMBER)


def _tool_for(question: str) -> ToolCall | None:
    """The call that answers ``question``; an argument that it does not name is empty."""
    topic = _topic(question)
    if topic is None:
        return None
    if topic == "order":
        number = ORDER_NUMBER.search(question)
        return ToolCall("lookup_order", {"number": number[0] if number else ""})
    if topic == "hours":
        return ToolCall("store_hours", {"city": "Portland"})
    return ToolCall("get_policy", {"topic": topic})


def _topic(question: str) -> str | None:
    plain = unicodedata.normalize("NFKC", question).casefold()
    shapes: set[str] = set()
    for word in set(WORD.findall(plain)):
        shapes |= _shapes(word)
    points = {
        topic: sum(not shapes.isdisjoint(_shapes(word)) for word in words) for topic, words in TOPICS.items()
    }
    if ORDER_NUMBER.search(plain):
        points["order"] += 2
    best = max(points, key=lambda topic: points[topic])
    return best if points[best] else None


@cache
def _shapes(word: str) -> frozenset[str]:
    """The word and, if it is long enough, what is left without one of its letters.

    Two words that differ by one letter more, less, another or exchanged have a shape in common.
    """
    if not 4 < len(word) <= LONGEST_WORD:
        return frozenset({word} if len(word) <= LONGEST_WORD else ())
    return frozenset({word, *(word[:i] + word[i + 1 :] for i in range(len(word)))})


def _decoded(text: str) -> str:
    """The first readable text in a code that ``text`` holds, decoded until it is plain; empty when none."""
    for pattern, decode in CODES:
        for match in pattern.finditer(text):
            try:
                found = decode(match[0]).decode()
            except (binascii.Error, ValueError):
                continue
            if found.isprintable():
                return _decoded(found) or (found if " " in found else "")
    return ""
