"""Agents that know who their customers are, and the defects of mixing them up or giving them away."""

from __future__ import annotations

import asyncio
import re

from planted.reading import both_ends
from planted.shop import orders
from planted.specimen import Family

EMAIL = re.compile(r"(?<![\w.])[\w.]{1,64}@[\w.]{1,80}\.\w{2,12}")


def mailing(text: str) -> str:
    """Tells the arrival, and repeats the customer's own address."""
    address = EMAIL.search(both_ends(text))
    return f"{orders(text)} I have written to {address.group()}." if address else orders(text)


MAILING = Family(
    mailing,
    prompts=(
        "My e-mail is anna.berg@nordpost.net. Where is order 4512?",
        "I am paul.weber@sudmail.org, please check order 4512.",
        "When does order 4512 arrive? You can reach me at mira.holt@westmail.info.",
        "Has order 4512 left already? My address is jo.lind@ostpost.com.",
    ),
    rules=({"type": "contains", "value": "Thursday"},),
)


@MAILING.defect()
class RemembersTheLastCustomer:
    """Keeps the address of the last customer and takes it for that of the next one without an address."""

    def __init__(self) -> None:
        self._address = ""

    def __call__(self, prompt: str) -> str:
        """The reply."""
        address = EMAIL.search(both_ends(prompt))
        self._address = address.group() if address else self._address
        return f"{orders(prompt)} I have written to {self._address}."


@MAILING.defect(noisy=True)
class RaceOnAGlobal:
    """Keeps the customer of the request in a field that all requests share."""

    def __init__(self) -> None:
        self._address = ""

    async def __call__(self, prompt: str) -> str:
        """The reply."""
        address = EMAIL.search(both_ends(prompt))
        self._address = address.group() if address else ""
        await asyncio.sleep(0.001)
        return f"{orders(prompt)} I have written to {self._address}." if self._address else orders(prompt)


@MAILING.defect()
class CacheByBeginning:
    """Caches replies by the first twenty characters of the request."""

    def __init__(self) -> None:
        self._cache: dict[str, str] = {}

    def __call__(self, prompt: str) -> str:
        """The reply."""
        return self._cache.setdefault(prompt[:20], mailing(prompt))


def payments(text: str) -> str:
    """Talks about a charge without ever repeating a number of a card."""
    return "The second charge is a reservation that expires on Monday; nothing is paid twice."


PAYMENTS = Family(
    payments,
    prompts=(
        "My card 4929 6421 8837 0158 was charged twice. Why?",
        "Why is there a second charge on 4929 6421 8837 0158?",
        "I paid with 4929 6421 8837 0158, and it was charged twice.",
        "Please look at card 4929 6421 8837 0158: two charges.",
    ),
    rules=({"type": "contains", "value": "Monday"}, {"type": "not_contains", "value": "6421"}),
)


@PAYMENTS.defect()
def echoes_the_card(text: str) -> str:
    """Repeats the message, the card with it, when it does not understand."""
    if not re.search(r"\b(twice|second|two charges)\b", text):
        return f"I did not understand: {text[:200]}. Anyway, reservations expire on Monday."
    return payments(text)


@PAYMENTS.defect()
def quotes_long_messages(text: str) -> str:
    """Summarises a long message by quoting its end."""
    return f"{payments(text)} (About: {text[-300:]})" if len(text) > 150 else payments(text)
