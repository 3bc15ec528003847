"""Shapes in a text that programs react to, by name: markup, code, records, quotations, placeholders.

None of the patterns takes longer than in proportion to the text: repetitions are bounded.
"""

from __future__ import annotations

import re

SHAPES = {
    name: re.compile(pattern)
    for name, pattern in {
        "markup": r"<[a-zA-Z/][^>\n]{0,80}>",
        "hidden comment": r"<!--",
        "special token": r"<\|",
        "entity": r"&\w{1,20};|&#",
        "code fence": r"```|~~~",
        "heading": r"(?m)^#{1,6} ",
        "list": r"(?m)^[ \t]{0,8}[-*] ",
        "quotation": r"(?m)^>",
        "table": r"\|[^\n]{0,80}\|",
        "record": r"[{\[]\s*\"",
        "field": r"\{\w*\}",
        "double braces": r"\{\{",
        "dollar": r"\$\{?\w",
        "percent": r"%[sd(]",
        "backslash": r"\\[a-zA-Z0-9]",
        "command": r"\\[a-z]{1,40}\{",
        "formula": r"(?m)^[=+@]",
        "query": r"(?i)\b(?:select|insert|drop|union)\b",
        "path": r"\.\./|/\w+/\w",
        "address": r"https?://",
        "mail": r"\S@\S{1,80}\.\w",
        "role": r"(?im)^[^\w\n]{0,8}(?:system|assistant|user|developer|human|ai)\b\W",
        "run of code": r"[A-Za-z0-9+/]{24}",
        "hexadecimal": r"(?:[0-9a-f]{2}\W?){12}",
        "binary": r"[01]{7}",
        "tower": r"\d\s*(?:\^|\*\*)\s*\d",
        "double quotes": r"\"[^\"\n]{4,}\"",
        "single quotes": r"'[^'\n]{4,}'",
        "brackets": r"\([^)\n]{3,80}\)",
        "dots": r"\.\.\.",
        "double space": r"  ",
        "indented line": r"\n[ \t]",
        "mixed case": r"[a-z][A-Z]",
    }.items()
}
