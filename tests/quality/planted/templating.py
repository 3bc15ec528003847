"""Defects of what is done with a text once it is there: pasted into templates, measured, parsed, cut."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import string
import warnings
from contextlib import closing

from planted.shop import SHOP, orders
from planted.specimen import Profile


@SHOP.defect()
def json_template(text: str) -> str:
    """Pastes the message into a JSON document without escaping it."""
    return orders(json.loads('{"role": "user", "content": "' + text + '"}')["content"])


@SHOP.defect()
def str_format(text: str) -> str:
    """Formats a template that already has the message in it."""
    template = "Customer: " + text + " Shop: {shop}"
    return orders(template.format(shop="Acme"))


@SHOP.defect()
def percent_format(text: str) -> str:
    """Uses the % operator on a template that already has the message in it."""
    template = "Customer: " + text + " Shop: %s"
    return orders(template % "Acme")


@SHOP.defect(Profile.ALL_TEXT)
def dollar_template(text: str) -> str:
    """Substitutes $names in a template that already has the message in it."""
    return orders(string.Template("Customer: " + text + " Shop: $shop").substitute(shop="Acme"))


@SHOP.defect(Profile.ALL_TEXT)
def template_braces(text: str) -> str:
    """Evaluates double braces in the message like a template engine."""
    values = {"shop": "Acme"}
    return orders(re.sub(r"\{\{(.*?)\}\}", lambda match: values[match[1].strip()], text))


@SHOP.defect()
def regex_from_input(text: str) -> str:
    """Uses the message as a regular expression to search its help pages with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # "possible nested set": a matter of Python versions
        re.search(text, "Opening hours, orders, refunds")
    return orders(text)


@SHOP.defect()
def sql_from_input(text: str) -> str:
    """Pastes the message into an SQL statement."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"SELECT '{text}'")
    return orders(text)


@SHOP.defect()
async def quadratic_time(text: str) -> str:
    """Takes time that grows with the square of the length: 0.6 s at 10,000 characters."""
    await asyncio.sleep(min(0.6, 0.6 * (len(text) / 10_000) ** 2))
    return orders(text)


@SHOP.defect()
def too_long(text: str) -> str:
    """Crashes beyond 10,000 characters."""
    if len(text) > 10_000:
        raise ValueError(f"context length exceeded: {len(text)} > 10000")
    return orders(text)


@SHOP.defect()
def silent_truncation(text: str) -> str:
    """Reads 200 characters and never says so."""
    return orders(text[:200])


@SHOP.defect()
def sliding_window(text: str) -> str:
    """Remembers the last 100 characters alone, so that a request with a long tail is lost."""
    return orders(text[-100:])


@SHOP.defect()
def empty_input(text: str) -> str:
    """Crashes on the empty input."""
    if text[0] == "/":
        return "There are no commands here."
    return orders(text)


@SHOP.defect()
def blank_input(text: str) -> str:
    """Crashes on an input of white space alone."""
    if text and text.split(maxsplit=1)[0] == "/help":
        return "Ask me about your order."
    return orders(text)


@SHOP.defect()
def one_character(text: str) -> str:
    """Crashes on an input of one character."""
    if text and text[1] == ":":
        return "This looks like a path."
    return orders(text)


@SHOP.defect(Profile.ALL_TEXT)
def nested_brackets(text: str) -> str:
    """Parses brackets recursively, as deep as they go."""

    def close(at: int, depth: int) -> int:
        if depth > 200:
            raise RecursionError("maximum recursion depth exceeded")
        while at < len(text) and text[at] not in ")]}":
            at = close(at + 1, depth + 1) if text[at] in "([{" else at + 1
        return at + 1

    close(0, 0)
    return orders(text)


@SHOP.defect(Profile.ALL_TEXT)
async def backtracking(text: str) -> str:
    """Has a regular expression that takes exponential time on a long run of one letter."""
    run = max((len(match.group()) for match in re.finditer(r"(\w)\1*", text[-5000:])), default=0)
    await asyncio.sleep(0.6 if run > 24 else 0)
    return orders(text)


@SHOP.defect(Profile.ALL_TEXT)
def code_fence(text: str) -> str:
    """Takes fenced text for code and does not read it."""
    return orders(re.sub(r"(```|~~~).*?\1", "", text, flags=re.DOTALL))


@SHOP.defect(Profile.ALL_TEXT)
def html_stripped(text: str) -> str:
    """Removes HTML together with everything that its elements contain."""
    return orders(re.sub(r"<(\w+)[^>]*>.*</\1>", "", text, flags=re.DOTALL))
