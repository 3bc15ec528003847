"""English word forms by rule: just enough to put a synonym into the form of the word that it replaces."""

from __future__ import annotations

from functools import cache

from flakestorm.mutations.tables import table, words

VOWELS = frozenset("aeiou")
DOUBLED = words("stop plan swap trim drop submit refer prefer occur permit enrol cancel travel chat wrap")
_SILENT_H = ("hour", "honest", "honour", "heir")
_LIKE_YOU = ("uni", "use", "usu", "uti", "eu", "one", "once", "ubi")


def verb_forms(verb: str) -> tuple[str, ...]:
    """Base, third person, past, past participle and -ing form. What follows the verb stays: ``put off``."""
    base, space, rest = verb.partition(" ")
    past = participle = _past(base)
    if base in table("irregular"):
        past, participle = table("irregular")[base]
    forms = (base, _with_s(base), past, participle, _ing(base))
    return tuple(f"{form}{space}{rest}" for form in forms)


def noun_forms(noun: str) -> tuple[str, ...]:
    """Singular and plural; of several words the last one changes."""
    if noun.endswith(("know-how", "information", "details", "advice", "guidance", "feedback", "input")):
        return (noun,)
    return noun, _with_s(noun)


@cache
def article(word: str) -> str:
    """``a`` or ``an``, by the sound that ``word`` begins with."""
    lower = word.lower()
    sounds_vowel = lower[:1] in VOWELS and not lower.startswith(_LIKE_YOU)
    return "an" if sounds_vowel or lower.startswith(_SILENT_H) else "a"


def _ends_consonant_y(word: str) -> bool:
    return word[-1:] == "y" and word[-2:-1] not in VOWELS


def _with_s(word: str) -> str:
    if word in ("child", "person"):
        return {"child": "children", "person": "people"}[word]
    if _ends_consonant_y(word):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{word}s"


def _past(verb: str) -> str:
    if _ends_consonant_y(verb):
        return f"{verb[:-1]}ied"
    if verb in DOUBLED:
        return f"{verb}{verb[-1]}ed"
    return f"{verb}d" if verb.endswith("e") else f"{verb}ed"


def _ing(verb: str) -> str:
    if verb in DOUBLED or verb in ("begin", "cut", "forget", "get", "let", "put", "run", "set", "split"):
        return f"{verb}{verb[-1]}ing"
    return f"{verb[:-1]}ing" if verb.endswith("e") and not verb.endswith("ee") else f"{verb}ing"
