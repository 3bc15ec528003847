"""English in other scripts: each word written as it sounds, the way people text without a Latin keyboard.

These are readable approximations and no standard romanisation turned round; a speaker of the language who
knows English can read them back.
"""

from __future__ import annotations

import re
from collections.abc import Callable


def _pairs(table: str) -> dict[str, str]:
    """``latin=other`` pairs as a mapping."""
    return {latin: other for latin, _, other in (pair.partition("=") for pair in table.split())}


SPOKEN = (
    (re.compile(r"c(?=[eiy])", re.IGNORECASE), "s"),
    (re.compile(r"(?<=w)h", re.IGNORECASE), ""),
    (re.compile(r"gh(?=t)", re.IGNORECASE), ""),
    (re.compile(r"(?<=[b-df-hj-np-tv-xz])y", re.IGNORECASE), "i"),
    (re.compile(r"(?<=[a-z]{2}[b-df-hj-np-tv-z])e$", re.IGNORECASE), ""),
)
"""The worst differences between how English is written and how it sounds."""


def _spoken(word: str) -> str:
    for pattern, sound in SPOKEN:
        word = pattern.sub(sound, word)
    return word


def _speller(table: str, capitals: bool = True, finals: str = "") -> Callable[[str], str]:
    """A function that replaces Latin letter groups by those of ``table``, longest first.

    ``table`` holds ``latin=other`` pairs. ``capitals``: the script has them, so they are kept. ``finals``
    are pairs of letters, the second of which the script writes for the first at the end of a word.
    """
    pairs = _pairs(table)
    last = _pairs(finals)
    pattern = re.compile("|".join(sorted(pairs, key=len, reverse=True)), re.IGNORECASE | re.ASCII)

    def sound(match: re.Match[str]) -> str:
        other = pairs[match.group().lower()]
        return other.capitalize() if capitals and match.group()[0].isupper() else other

    def spell(word: str) -> str:
        spelled = pattern.sub(sound, _spoken(word))
        return spelled[:-1] + last.get(spelled[-1], spelled[-1]) if spelled else word

    return spell


CYRILLIC = _speller(
    "shch=щ sh=ш ch=ч zh=ж kh=х ts=ц th=т ph=ф ck=к qu=кв ya=я yu=ю yo=ё ee=и oo=у a=а b=б c=к d=д e=е "
    "f=ф g=г "
    "h=х i=и j=дж k=к l=л m=м n=н o=о p=п q=к r=р s=с t=т u=у v=в w=в x=кс y=й z=з"
)
GREEK = _speller(
    "th=θ ph=φ ch=χ ps=ψ ks=ξ ou=ου oo=ου ee=η sh=σ qu=κου a=α b=μπ c=κ d=ντ e=ε f=φ g=γκ h=χ i=ι j=τζ "
    "k=κ l=λ m=μ "
    "n=ν o=ο p=π q=κ r=ρ s=σ t=τ u=ου v=β w=ου x=ξ y=υ z=ζ",
    finals="σ=ς",
)
ARABIC = _speller(
    "sh=ش ch=تش th=ث kh=خ gh=غ ph=ف ck=ك qu=كو oo=و ee=ي ou=و a=ا b=ب c=ك d=د e=ي f=ف g=ج h=ه i=ي j=ج "
    "k=ك l=ل m=م "
    "n=ن o=و p=ب q=ق r=ر s=س t=ت u=و v=ف w=و x=كس y=ي z=ز",
    capitals=False,
)
HEBREW = _speller(
    "sh=ש ch=צ׳ th=ת׳ ph=פ ts=צ ck=ק qu=קו oo=ו ee=י ou=ו a=א b=ב c=ק d=ד e=ה f=פ g=ג h=ה i=י j=ג׳ k=ק "
    "l=ל m=מ n=נ o=ו "
    "p=פ q=ק r=ר s=ס t=ט u=ו v=ו w=ו x=קס y=י z=ז",
    capitals=False,
    finals="כ=ך מ=ם נ=ן פ=ף צ=ץ",
)

_DEVANAGARI_CONSONANTS = _pairs(
    "sh=श ch=च th=थ ph=फ kh=ख gh=घ dh=ध bh=भ ck=क b=ब c=क d=द f=फ g=ग h=ह j=ज k=क l=ल m=म n=न p=प q=क "
    "r=र s=स t=त "
    "v=व w=व x=क्स y=य z=ज़"
)
_DEVANAGARI_VOWELS = {
    "aa": ("आ", "ा"), "ee": ("ई", "ी"), "oo": ("ऊ", "ू"), "ai": ("ऐ", "ै"), "au": ("औ", "ौ"), "ou": ("औ", "ौ"),
    "a": ("अ", ""), "e": ("ए", "े"), "i": ("इ", "ि"), "o": ("ओ", "ो"), "u": ("उ", "ु"),
}  # fmt: skip
"""Vowel → its letter at the start of a syllable, and its sign after a consonant."""
_VIRAMA = "्"

_KATAKANA_ROWS = _pairs(
    "=アイウエオ k=カキクケコ g=ガギグゲゴ s=サシスセソ z=ザジズゼゾ t=タチツテト d=ダヂヅデド n=ナニヌネノ "
    "h=ハヒフヘホ "
    "b=バビブベボ p=パピプペポ m=マミムメモ r=ラリルレロ"
)
_KATAKANA = {
    consonant + vowel: sign
    for consonant, signs in _KATAKANA_ROWS.items()
    for vowel, sign in zip("aiueo", signs, strict=True)
} | _pairs(
    "ya=ヤ yi=イ yu=ユ ye=イェ yo=ヨ wa=ワ wi=ウィ wu=ウ we=ウェ wo=ウォ fa=ファ fi=フィ fu=フ "
    "fe=フェ fo=フォ "
    "va=ヴァ vi=ヴィ vu=ヴ ve=ヴェ vo=ヴォ ja=ジャ ji=ジ ju=ジュ je=ジェ jo=ジョ sha=シャ shi=シ shu=シュ "
    "she=シェ sho=ショ cha=チャ chi=チ chu=チュ che=チェ cho=チョ"
)
_KATAKANA_ALONE = _pairs(
    "k=ク g=グ s=ス z=ズ t=ト d=ド n=ン h=フ b=ブ p=プ m=ム r=ル y=イ w=ウ f=フ v=ヴ j=ジ sh=シュ ch=チ"
)
_KATAKANA_SOUNDS = (("ph", "f"), ("th", "s"), ("ck", "k"), ("qu", "ku"), ("x", "kus"), ("l", "r"), ("q", "k"))

_SYLLABLES = re.compile(r"(sh|ch|th|ph|kh|gh|dh|bh|ck|[b-df-hj-np-tv-z])?(aa|ee|oo|ai|au|ou|[aeiou])?")
_KANA = re.compile(r"(sh|ch|[b-df-hj-np-tv-z])?([aeiou])?")


def devanagari(word: str) -> str:
    """Consonants with the sign of the vowel that follows them, or with a virama where none does."""
    pieces: list[str] = []
    lowered = _spoken(word).lower()
    for match in _SYLLABLES.finditer(lowered):
        consonant, vowel = match.groups()
        if consonant:
            ends = match.end() == len(lowered)
            sign = _DEVANAGARI_VOWELS[vowel][1] if vowel else "" if ends else _VIRAMA
            pieces.append(_DEVANAGARI_CONSONANTS[consonant] + sign)
        elif vowel:
            pieces.append(_DEVANAGARI_VOWELS[vowel][0])
        else:
            pieces.append(lowered[match.end() : match.end() + 1])
    return "".join(pieces)


def katakana(word: str) -> str:
    """Syllables of a consonant and a vowel; a lone consonant takes the vowel that loan words give it."""
    sounds = _spoken(word).lower()
    for group, sound in _KATAKANA_SOUNDS:
        sounds = sounds.replace(group, sound)
    sounds = sounds.replace("c", "k").replace("kh", "ch")
    pieces: list[str] = []
    for match in _KANA.finditer(sounds):
        consonant, vowel = match.groups()
        if vowel:
            pieces.append(_KATAKANA[(consonant or "") + vowel])
        elif consonant:
            pieces.append(_KATAKANA_ALONE[consonant])
        else:
            pieces.append(sounds[match.end() : match.end() + 1])
    return "".join(pieces)


SCRIPTS: dict[str, Callable[[str], str]] = {
    "cyrillic": CYRILLIC,
    "greek": GREEK,
    "arabic": ARABIC,
    "hebrew": HEBREW,
    "devanagari": devanagari,
    "katakana": katakana,
}
"""Script → how a word is written in it."""
