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


LEADS = (
    "c2aa c2b2 c2b3 c2b9 c2ba c2bc c2bd c2be c3 c4 c5 c6 c7 c8 c9 ca cb cd ce cf d0 d1 d2 d3 d4 d5 d6 e1 "
    "e281 e282 e284 e285 e28689 e291 e292 e293 e2b1 e389 e38a e38b e38d e38e e38f ea efac efbc efbd "
    "f0909e f09cb3 f09d f09f84 f09f85 f09f86 f09f87 f09faf f3a0"
)
LOOK_ALIKE_BYTES = tuple(bytes.fromhex(lead) for lead in LEADS.split())
"""How the UTF-8 of those characters beyond ASCII begins that ``PLAIN`` may read as something."""
