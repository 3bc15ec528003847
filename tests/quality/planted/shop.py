"""A shop-support agent that looks orders up, and the defects of reading what people write."""

from __future__ import annotations

import re
import sqlite3
import unicodedata

from planted.reading import both_ends, distance, mentions, read
from planted.specimen import Family, Profile

ORDERS = {"4512": "Thursday", "4513": "Monday", "7780": "Friday"}
ASK = "Which order do you mean? Please give me its four-digit number."
UNKNOWN = "There is no order with that number. Please check it."


def orders(text: str) -> str:
    """The day on which the first known order in ``text`` arrives; without one, a question."""
    text = both_ends(text)
    numbers = re.findall(r"(?<!\d)\d{4}(?!\d)", text if text.isascii() else read(text))
    known = next((number for number in numbers if number in ORDERS), None)
    if known is None:
        return UNKNOWN if numbers else ASK
    return f"Order {known} is on its way. It arrives on {ORDERS[known]}."


SHOP = Family(
    orders,
    prompts=(
        "Where is my order 4512?",
        "When will order 4512 be delivered?",
        "Could you check order 4512 for me? It should have been here by now.",
        "I am waiting for order 4512. Tell me when it arrives.",
    ),
    rules=({"type": "contains", "value": "Thursday"},),
)


def on_topic(text: str, without: str = "", slips: int = 2) -> str:
    """The shop's agent behind a gate that lets only messages about orders through."""
    if not mentions(read(text, without), "order", slips):
        return "Sorry, I can only help with orders."
    return orders(text)


def exactly_on_topic(text: str) -> str:
    """The same, but the keyword must be there without a slip."""
    return on_topic(text, slips=0)


@SHOP.defect(twin=on_topic)
def case_sensitive_keyword(text: str) -> str:
    """Knows its keyword in small letters only."""
    return on_topic(text, without="case")


@SHOP.defect(Profile.ALL_TEXT, twin=exactly_on_topic)
def invisible_characters(text: str) -> str:
    """Zero-width characters inside a keyword hide it."""
    return on_topic(text, without="invisible", slips=0)


@SHOP.defect(Profile.ALL_TEXT, twin=exactly_on_topic)
def homoglyphs(text: str) -> str:
    """Letters of another script that look the same hide a keyword."""
    return on_topic(text, without="look-alikes", slips=0)


@SHOP.defect(Profile.ALL_TEXT, twin=exactly_on_topic)
def accents(text: str) -> str:
    """Letters with accents are thrown away, so that a keyword falls apart."""
    return on_topic("".join(char if char.isascii() else " " for char in read(text, "accents")), slips=0)


@SHOP.defect(Profile.ALL_TEXT, twin=exactly_on_topic)
def letter_forms(text: str) -> str:
    """Full-width and mathematical letters are not taken for letters."""
    return on_topic(text, without="forms", slips=0)


@SHOP.defect(Profile.ALL_TEXT)
def full_width_digits(text: str) -> str:
    """Only ASCII digits are taken for digits."""
    return orders(re.sub(r"[^\x00-\x7f]", "?", text))


@SHOP.defect()
def exact_punctuation(text: str) -> str:
    """Takes a message without a final mark for unfinished."""
    return orders(text) if text.rstrip().endswith((".", "?", "!")) else "Please finish your sentence."


@SHOP.defect()
def trailing_newline(text: str) -> str:
    """Reads the last line only, which is empty after a trailing newline."""
    return orders(text.rsplit("\n", 1)[-1])


@SHOP.defect()
def leading_whitespace(text: str) -> str:
    """Takes indented lines for quotations and skips them."""
    return orders("\n".join(line for line in text.splitlines() if not line[:1].isspace()))


@SHOP.defect()
def tabs(text: str) -> str:
    """Takes a tab for the end of the field."""
    return orders(text.partition("\t")[0])


@SHOP.defect()
def no_break_spaces(text: str) -> str:
    """Splits words at ordinary white space only."""
    words = re.split(r"[ \t\r\n]+", text)
    return orders(" ".join(word for word in words if word.isascii()))


@SHOP.defect(Profile.ALL_TEXT)
def emoji(text: str) -> str:
    """Crashes on a symbol that its table of icons does not have."""
    icons = {"✓": "check", "★": "star"}
    shown = [icons[char] if unicodedata.category(char) == "So" else char for char in both_ends(text)]
    return orders("".join(shown))


@SHOP.defect(Profile.ALL_TEXT)
def beyond_the_basic_plane(text: str) -> str:
    """Its database column takes three bytes a character, so that it fails on those with four."""
    for char in text:
        if ord(char) > 0xFFFF:
            raise sqlite3.DataError(f"incorrect string value: {char.encode()!r} for column 'message'")
    return orders(text)


@SHOP.defect(Profile.ALL_TEXT)
def combining_marks(text: str) -> str:
    """Measures the width of a text and fails on characters that have none."""
    if any(unicodedata.combining(char) for char in both_ends(text)):
        raise ValueError("character without width")
    return orders(text)


@SHOP.defect()
def legacy_charset(text: str) -> str:
    """Writes its log in a Western charset and crashes on every other character."""
    text.encode("cp1252")
    return orders(text)


@SHOP.defect()
def thanks_first(text: str) -> str:
    """Answers the courtesy and overlooks the request."""
    return "You are welcome!" if re.search(r"\bthank", text, re.IGNORECASE) else orders(text)


@SHOP.defect()
def greeting_first(text: str) -> str:
    """Answers the greeting and overlooks the request."""
    if re.match(r"\W*(hello|hi|hey|good (morning|afternoon|evening))\b", text, re.IGNORECASE):
        return "Hello! How can I help you today?"
    return orders(text)


@SHOP.defect()
def takes_shouting_for_abuse(text: str) -> str:
    """Refuses to talk to anybody who writes in capitals."""
    letters = [char for char in text[:2000] if char.isalpha()]
    shouts = len(letters) > 5 and sum(map(str.isupper, letters)) > 0.8 * len(letters)
    return "Please stop shouting at me." if shouts else orders(text)


@SHOP.defect()
def hangs_up_on_anger(text: str) -> str:
    """Ends the conversation when somebody is annoyed."""
    if re.search(r"\b(ridiculous|fed up|unacceptable|furious|driving me|sick of)\b", text, re.IGNORECASE):
        return "I am ending this conversation now."
    return orders(text)


@SHOP.defect()
def unknown_words(text: str) -> str:
    """Gives up when more than a third of the words are not in its dictionary."""
    known = {word for prompt in SHOP.prompts for word in re.findall(r"[a-z]+", prompt.lower())}
    words = re.findall(r"[a-z]+", text[:500].lower())
    strange = [word for word in words if min(distance(word, one) for one in known) > 0]
    return "I do not understand that." if 3 * len(strange) > len(words) else orders(text)


@SHOP.defect(Profile.ALL_TEXT)
def answers_in_another_language(text: str) -> str:
    """Switches to German as soon as it meets a German word."""
    german = {
        "ich",
        "mein",
        "meine",
        "bestellung",
        "wo",
        "ist",
        "wann",
        "bitte",
        "danke",
        "und",
        "für",
        "mir",
    }
    if german & set(re.findall(r"\w+", text[:2000].lower())):
        return re.sub("Thursday", "Donnerstag", orders(text))
    return orders(text)
