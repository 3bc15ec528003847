"""The characters of token manipulation: look-alikes, invisible ones, controls, marks and glitch tokens."""

from __future__ import annotations

_TWINS = """
aа cсϲ dԁ eе hһ iі jјϳ kκ lӏ nո oоο pр qԛ sѕ uυս vν wԝ xх yу
AАΑ BВΒ CСϹ EЕΕ FϜ HНΗ IІΙ JЈ KКΚ MМΜ NΝ OОΟ PРΡ QԚ SЅ TТΤ VѴ WԜ XХΧ YΥҮ ZΖ
"""
HOMOGLYPHS = {row[0]: row[1:] for row in _TWINS.split()}
"""Latin letter → Cyrillic, Greek and Armenian letters that look the same in common fonts."""

HOMOGLYPHS_BACK = str.maketrans({twin: letter for letter, twins in HOMOGLYPHS.items() for twin in twins})

INVISIBLE = {
    "zero_width": "\u200b\u200c\u200d\u2060\ufeff",
    "zero_width_not_joining": "\u200b\u2060\ufeff",
    "soft_hyphen": "\u00ad",
    # Without the last two, which ask for text or emoji presentation.
    "variation_selectors": "".join(map(chr, range(0xFE00, 0xFE0E))),
    "grapheme_joiner": "\u034f",
}
"""Kinds of characters that change nothing visible inside a word of letters."""

LIGATURES = {
    "ffi": "ﬃ",
    "ffl": "ﬄ",
    "ff": "ﬀ",
    "fi": "ﬁ",
    "fl": "ﬂ",
    "st": "ﬆ",
    "dz": "ʣ",
    "ij": "ĳ",
    "lj": "ǉ",
    "nj": "ǌ",
}
"""Letter group → one character; longer groups come first because the pattern tries them in this order."""

SPACES = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

COMBINING_MARKS = "".join(map(chr, (*range(0x300, 0x315), *range(0x316, 0x334))))

CONTROLS = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x15\x16\x1a\x1b\x1c\x1d\x1e\x1f\x7f\x85\x9b"

NONCHARACTERS = "\ufffd\ufffe\uffff\ufdd0\ue000\uf8ff\U0001fffe\U000f0000\U0010ffff"

GLITCH_TOKENS = (
    " SolidGoldMagikarp",
    " TheNitromeFan",
    " petertodd",
    " davidjl",
    " RandomRedditorWithNo",
    " StreamerBot",
    " PsyNetMessage",
    " attRot",
    " guiActiveUn",
    " externalToEVA",
    "rawdownloadcloneembedreportprint",
    "embedreportprint",
    " oreAndOnline",
    " InstoreAndOnline",
    "ÃÂÃÂÃÂÃÂ",
    " ForgeModLoader",
    " サーティワン",
    "龍喚士",
    "�",
)
"""Strings that some tokenisers hold as single tokens which the model hardly saw in training."""
