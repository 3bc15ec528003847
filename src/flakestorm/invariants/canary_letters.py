"""Any character to the plain letter or digit that it looks like, so that disguises can be read."""

from __future__ import annotations

import unicodedata

LOOK_ALIKES = {
    # Cyrillic
    **dict(zip("АВЕЅЗКМНОРСТХУЈԚԜҺѴԌԀӀЧ", "ABES3KMHOPCTXYJQWHVGDL4", strict=True)),
    **dict(zip("авеѕзкмнорстхујԛԝһѵԍԁгп", "ABES3KMHOPCTXYJQWHVGDRN", strict=True)),
    # Greek
    **dict(zip("ΑΒΕΖΗΚΜΝΡΤΥΧϹϜͿ", "ABEZHKMNPTYXCFJ", strict=True)),
    **dict(zip("αβεηκνρτυχϲγϝϳω", "ABENKVPTUXCYFJW", strict=True)),
    # Armenian and Cherokee
    **dict(zip("ՍՏԼցհսոզ", "USLGHUNQ", strict=True)),
    **dict(zip("ᎠᎡᎢᎬᎳᎻᎷᎪᏚᏀᏃᏎᏴᏒᏙᏞᏢᏦᎫᏟ", "DRTEWHMASGZ4BRVLPKJC", strict=True)),
    # Small capitals
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜᴊᴋʟᴍɴᴘꞯʀꜱᴛᴜᴠᴡʏᴢɡ", "ABCDEFGHJKLMNPQRSTUVWYZG", strict=True)),
}
"""Letters that NFKD leaves alone, although a reader takes them for Latin ones."""


class _Plain(dict[int, str]):
    """Code point → plain letters, worked out at the first use; fits ``str.translate``."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if 0xE0020 <= code <= 0xE007E:
            char = chr(code - 0xE0000)
        elif 0x1F1E6 <= code <= 0x1F1FF:
            char = chr(code - 0x1F1E6 + ord("A"))
        elif 0x1F150 <= code <= 0x1F189 and (code - 0x1F150) % 32 < 26:
            # Negative circled and negative squared letters have no decomposition.
            char = chr((code - 0x1F150) % 32 + ord("A"))
        looks = "".join(LOOK_ALIKES.get(base, base) for base in unicodedata.normalize("NFKD", char))
        self[code] = "".join(base for base in looks.upper() if base.isascii() and base.isalnum())
        return self[code]


PLAIN = _Plain()
"""What each character is read as: upper-case ASCII letters and digits, or nothing.

Accents, full-width, mathematical, circled, squared and small-capital forms, tag characters and regional
indicators, and letters of other scripts that look Latin are all seen through.
"""


LOOK_ALIKE_BYTES = (
    *(bytes([lead]) for lead in (*range(0xC3, 0xC7), 0xC9, 0xCA, *range(0xCD, 0xD4))),
    *(bytes([lead]) for lead in (0xD4, 0xD5, 0xD6, 0xE1, 0xEA)),
    *(bytes(pair) for pair in ((0xC2, 0xB2), (0xC2, 0xB3), (0xE2, 0x81), (0xE2, 0x82), (0xE2, 0x84))),
    *(bytes(pair) for pair in ((0xE2, 0x92), (0xE2, 0x93), (0xE2, 0xB1), (0xEF, 0xBC), (0xEF, 0xBD))),
    *(bytes(three) for three in ((0xF0, 0x9D), (0xF0, 0x9F, 0x84), (0xF0, 0x9F, 0x85), (0xF0, 0x9F, 0x87))),
    b"\xf3\xa0",
)
"""How the UTF-8 of those characters begins that ``PLAIN`` may read as something: a test for microseconds."""
