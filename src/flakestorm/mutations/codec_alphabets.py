"""Morse, Braille, the NATO alphabet and leetspeak: alphabets made for people, and what they cannot say."""

from __future__ import annotations

import string
import unicodedata

MORSE_TABLE = """
A .-    B -...  C -.-.  D -..   E .     F ..-.  G --.   H ....  I ..    J .---  K -.-   L .-..  M --
N -.    O ---   P .--.  Q --.-  R .-.   S ...   T -     U ..-   V ...-  W .--   X -..-  Y -.--  Z --..
0 -----  1 .----  2 ..---  3 ...--  4 ....-  5 .....  6 -....  7 --...  8 ---..  9 ----.
. .-.-.-  , --..--  ? ..--..  ' .----.  ! -.-.--  / -..-.  ( -.--.  ) -.--.-  & .-...  : ---...
; -.-.-.  = -...-  + .-.-.  - -....-  _ ..--.-  " .-..-.  $ ...-..-  @ .--.-.
"""
MORSE_CODES = MORSE_TABLE.split()
MORSE = dict(zip(MORSE_CODES[::2], MORSE_CODES[1::2], strict=True))
MORSE_BACK = {code: character for character, code in MORSE.items()}

NATO_WORDS = """
Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec
Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu Zero One Two Three Four Five Six Seven Eight
Nine Dash Stop At Comma Query
"""
NATO = dict(zip(string.ascii_uppercase + string.digits + "-.@,?", NATO_WORDS.split(), strict=True))
NATO_BACK = {word.lower(): character for character, word in NATO.items()}

LEET = str.maketrans("abegiostzABEGIOSTZ", "483610572483610572")
LEET_BACK = str.maketrans("0123456789", "oizeasgtbg")

BRAILLE_LETTERS = dict(zip(string.ascii_lowercase, "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", strict=True))
BRAILLE_DIGITS = dict(zip("1234567890", "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚", strict=True))
BRAILLE_MARKS = {",": "⠂", ";": "⠆", ":": "⠒", ".": "⠲", "!": "⠖", "?": "⠦", "'": "⠄", "-": "⠤"}
CAPITAL, NUMBER, LETTER = "⠠", "⠼", "⠰"
"""Signs: the next cell is a capital letter, digits begin, digits end and a letter a–j follows."""

LETTERS_BACK = {cell: letter for letter, cell in BRAILLE_LETTERS.items()}
DIGITS_BACK = {cell: digit for digit, cell in BRAILLE_DIGITS.items()}
MARKS_BACK = {cell: mark for mark, cell in BRAILLE_MARKS.items()}


def _plain(text: str) -> str:
    """Upper case without accents, for alphabets that have neither case nor accents."""
    if text.isascii():
        return text.upper()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join([char for char in decomposed if not unicodedata.combining(char)]).upper()


def to_morse(text: str) -> str:
    """Letters separated by spaces, words by `` / ``; case, accents and kinds of whitespace are lost.

    A character that Morse has no code for stands for itself.
    """
    return " / ".join(" ".join([MORSE.get(char, char) for char in word]) for word in _plain(text).split())


def from_morse(code: str) -> str:
    """The text in upper case."""
    words = code.split(" / ")
    return " ".join("".join([MORSE_BACK.get(part, part) for part in word.split()]) for word in words)


def to_nato(text: str) -> str:
    """Spelling words separated by spaces, words by ``, ``; case, accents and kinds of whitespace are lost.

    A character without a spelling word stands for itself.
    """
    return ", ".join(" ".join([NATO.get(char, char) for char in word]) for word in _plain(text).split())


def from_nato(spelled: str) -> str:
    """The text in upper case."""
    words = spelled.split(", ")
    return " ".join("".join([NATO_BACK.get(part.lower(), part) for part in word.split()]) for word in words)


def to_leet(text: str) -> str:
    """Digits for the letters that look like them; the digits of the text itself become ambiguous."""
    return text.translate(LEET)


def from_leet(text: str) -> str:
    """A guess: every digit is taken for a lower-case letter."""
    return text.translate(LEET_BACK)


def to_braille(text: str) -> str:
    """Uncontracted English Braille with capital and number signs; other characters stand for themselves."""
    cells: list[str] = []
    in_number = False
    for char in text:
        if char in BRAILLE_DIGITS:
            cells.append(BRAILLE_DIGITS[char] if in_number else NUMBER + BRAILLE_DIGITS[char])
            in_number = True
            continue
        if in_number and char in "abcdefghij":
            cells.append(LETTER)
        in_number = False
        lowered = char.lower() if "A" <= char <= "Z" else char
        sign = CAPITAL if lowered != char else ""
        cells.append(sign + (BRAILLE_LETTERS.get(lowered) or BRAILLE_MARKS.get(char) or char))
    return "".join(cells)


def from_braille(cells: str) -> str:
    """The exact text again, unless Braille cells were part of it."""
    text: list[str] = []
    in_number = capital = False
    for cell in cells:
        if in_number and cell in DIGITS_BACK:
            text.append(DIGITS_BACK[cell])
            continue
        in_number = cell == NUMBER
        if cell == CAPITAL:
            capital = True
        elif cell not in (NUMBER, LETTER):
            char = LETTERS_BACK.get(cell) or MARKS_BACK.get(cell) or cell
            text.append(char.upper() if capital else char)
            capital = False
    return "".join(text)
