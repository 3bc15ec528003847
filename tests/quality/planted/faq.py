"""A question-answering bot with retrieval, a portal in HTML and an extractor in JSON, with their defects."""

from __future__ import annotations

import html
import json
import re
from collections import Counter

from planted.booking import day_of
from planted.reading import both_ends, read
from planted.specimen import Family, Profile

PAGES = {
    "How do I reset my password?": "To reset your password, open Settings, then Security.",
    "When are you open?": "We are open from nine to five on weekdays.",
    "How can I pay?": "You can pay by card or by bank transfer.",
    "How do I change my delivery address?": "Change the delivery address under Account, then Addresses.",
    "Do you repair old bicycles and garden tools?": "Our workshop repairs bicycles, tools and furniture.",
}
MUDDLED = "I am not sure what you mean, so here is what I know. " + " ".join(PAGES.values())


def trigrams(text: str) -> Counter[str]:
    """The letter triples of ``text``, counted."""
    padded = f" {text} "
    return Counter(padded[at : at + 3] for at in range(len(padded) - 2))


TRIGRAMS = {page: trigrams(read(page)) for page in PAGES}


def ranked(text: str) -> list[tuple[float, str]]:
    """(share of its title that ``text`` has, page) of every page, the best first."""
    found = trigrams(read(text))
    shares = ((sum((found & have).values()) / sum(have.values()), page) for page, have in TRIGRAMS.items())
    return sorted(shares, reverse=True)


def faq(text: str) -> str:
    """The answer of the page that fits; everything there is when several or none do."""
    (best, page), (second, _), *_ = ranked(text)
    return PAGES[page] if best > 0.5 and best - second > 0.25 else MUDDLED


FAQ = Family(
    faq,
    prompts=(
        "How do I reset my password?",
        "I would like to reset my password.",
        "Tell me how to reset my password, please.",
        "What do I have to do to reset my password?",
    ),
    rules=({"type": "contains", "value": "Security"},),
)


@FAQ.defect()
def exact_words(text: str) -> str:
    """Compares whole words, so that a misspelt one makes another page the best."""
    words = set(re.findall(r"\w+", read(text)))
    return PAGES[max(reversed(PAGES), key=lambda page: len(words & set(re.findall(r"\w+", page.lower()))))]


@FAQ.defect()
def longest_page_wins(text: str) -> str:
    """Counts common words without weighing them, so that idle talk decides."""
    words = Counter(re.findall(r"[a-z]+", read(text)))

    def shared(page: str) -> int:
        return sum(words[word] for word in set(re.findall(r"[a-z]+", f"{page} {PAGES[page]}".lower())))

    return PAGES[max(PAGES, key=shared)]


@FAQ.defect()
def echo_of_the_question(text: str) -> str:
    """Has nothing to say to what it cannot answer but an empty reply."""
    return faq(text) if ranked(text)[0][0] > 0.5 else " "


def portal(text: str) -> str:
    """A page of HTML that shows the question, escaped, above the answer."""
    shown = html.escape("".join(char for char in both_ends(text) if char.isprintable() or char in "\n\t"))
    return f"<blockquote>{shown}</blockquote>\n<p>{faq(text)}</p>"


PORTAL = Family(
    portal,
    prompts=FAQ.prompts,
    rules=(
        *FAQ.rules[-1:],
        {"type": "excludes_pattern", "patterns": [r"<script", r"<img", r"<iframe"]},
        {"type": "excludes_pattern", "pattern": r"[\x00-\x08\x0b\x0c\x0e-\x1f]"},
    ),
)


@PORTAL.defect(Profile.ALL_TEXT)
def html_unescaped(text: str) -> str:
    """Shows the question in its page without escaping it."""
    return f"<blockquote>{text[:5000]}</blockquote>\n<p>{faq(text)}</p>"


@PORTAL.defect(Profile.ALL_TEXT)
def terminal_escapes(text: str) -> str:
    """Shows the question with the control characters that it has."""
    return f"<blockquote>{html.escape(both_ends(text))}</blockquote>\n<p>{faq(text)}</p>"


def invoices(text: str) -> str:
    """What an invoice says, as JSON: the amount in euros and the day when it is due."""
    clean = read(text)
    day, rest = day_of(clean)
    money = re.search(r"(?:eur|euros?|€)\s?(\d{1,9})|(?<!\d)(\d{1,9})\s?(?:eur|€)", rest) or re.search(
        r"(\d{2,9})", rest
    )
    amount = next((int(group) for group in money.groups() if group), None) if money else None
    note = both_ends(text)[:400]
    return json.dumps(
        {"amount": amount, "due": day.isoformat() if day else None, "note": note}, ensure_ascii=False
    )


INVOICES = Family(
    invoices,
    prompts=(
        "Read this invoice: repairs, 850 EUR, due on 14 March 2027.",
        "What does this invoice say? Garden work for 850 EUR, to be paid by 14 March 2027.",
        "Extract the data: the firm wants 850 EUR on 14 March 2027.",
        "The invoice about 850 EUR must be paid on 14 March 2027.",
    ),
    rules=({"type": "valid_json"}, {"type": "regex", "pattern": r'"amount": 850, "due": "2027-03-14"'}),
)


@INVOICES.defect()
def json_by_hand(text: str) -> str:
    """Writes its JSON by hand, so that a quotation mark in the note breaks it."""
    data = json.loads(invoices(text))
    amount, due = json.dumps(data["amount"]), json.dumps(data["due"])
    return f'{{"amount": {amount}, "due": {due}, "note": "{data["note"]}"}}'


@INVOICES.defect()
def apology_before_json(text: str) -> str:
    """Says that something is missing in plain words where JSON is expected."""
    return invoices(text) if '"amount": null' not in invoices(text) else "I could not find an amount."


@INVOICES.defect()
def currency_by_code(text: str) -> str:
    """Knows the currency by its code and writes zero for everything else."""
    return invoices(text) if "EUR" in text else re.sub(r'"amount": \w+', '"amount": 0', invoices(text))
