"""Alphabets that say the same in other shapes: full-width, mathematical, enclosed, and letters with "
"accents."""

from __future__ import annotations

from string import ascii_letters, ascii_uppercase

Letters = dict[int, int | str]


def _run(upper: int | None, lower: int | None, digits: int | None = None) -> Letters:
    """The alphabet whose capitals, small letters and digits start at these code points."""
    table: Letters = {}
    for first, start, number in ((ord("A"), upper, 26), (ord("a"), lower, 26), (ord("0"), digits, 10)):
        if start is not None:
            table.update({first + place: start + place for place in range(number)})
    return table


def _row(capitals: str, small: str) -> Letters:
    """The alphabet whose capitals and small letters are these; a space leaves the letter as it is."""
    shapes = zip(ascii_letters, small + capitals, strict=True)
    return {ord(letter): shape for letter, shape in shapes if shape != " "}


DOUBLE_STRUCK = _run(0x1D538, 0x1D552) | {
    ord(letter): shape for letter, shape in zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)
}
SMALL_CAPITALS = _row(ascii_uppercase, "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ")
SUPERSCRIPT = _row("ᴬᴮ ᴰᴱ ᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾ ᴿ ᵀᵁⱽᵂ   ", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖ ʳˢᵗᵘᵛʷˣʸᶻ")

ALPHABETS: dict[str, tuple[str, Letters]] = {
    "full_width": (
        "Writes words in full-width letters, as East Asian keyboards do",
        _run(0xFF21, 0xFF41, 0xFF10),
    ),
    "mathematical_bold": ("Writes words in mathematical bold letters", _run(0x1D400, 0x1D41A, 0x1D7CE)),
    "mathematical_italic": ("Writes words in mathematical bold italic letters", _run(0x1D468, 0x1D482)),
    "mathematical_script": ("Writes words in mathematical script letters", _run(0x1D4D0, 0x1D4EA)),
    "mathematical_fraktur": ("Writes words in mathematical Fraktur letters", _run(0x1D56C, 0x1D586)),
    "mathematical_sans": ("Writes words in mathematical sans-serif letters", _run(0x1D5A0, 0x1D5BA, 0x1D7E2)),
    "mathematical_monospace": (
        "Writes words in mathematical monospace letters",
        _run(0x1D670, 0x1D68A, 0x1D7F6),
    ),
    "double_struck": ("Writes words in double-struck letters", DOUBLE_STRUCK),
    "circled": ("Writes words in circled letters", _run(0x24B6, 0x24D0)),
    "squared": ("Writes words in squared capital letters", _run(0x1F130, 0x1F130)),
    "small_capitals": ("Writes words in small capitals", SMALL_CAPITALS),
    "superscript": ("Writes words in superscript letters", SUPERSCRIPT),
}
"""Operator → what it does, and the letters."""

_ACCENTED = """
aàáâäãåā cçćč dďđ eèéêëēę gğģ hĥħ iìíîïī jĵ kķ lłĺļ nñńň oòóôöõō rŕř sśšş tťţ uùúûüū wŵ yýÿŷ zźžż
AÀÁÂÄÃÅĀ CÇĆČ DĎĐ EÈÉÊËĒĘ GĞĢ HĤĦ IÌÍÎÏĪ JĴ KĶ LŁĹĻ NÑŃŇ OÒÓÔÖÕŌ RŔŘ SŚŠŞ TŤŢ UÙÚÛÜŪ WŴ YÝŸŶ ZŹŽŻ
"""
DIACRITICS = {row[0]: row[1:] for row in _ACCENTED.split()}
"""Letter → the same letter with accents."""

PLAIN = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
    "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "Ħ": "H",
}  # fmt: skip
"""What people write for the letters that do not come apart into a letter and an accent."""
