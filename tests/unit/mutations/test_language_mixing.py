"""Language mixing: right words, readable scripts, letters that fold back."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import apply_edits
from flakestorm.mutations.language_mixing import LANGUAGES
from flakestorm.mutations.language_mixing_alphabets import ALPHABETS, DIACRITICS
from flakestorm.mutations.language_mixing_scripts import SCRIPTS
from flakestorm.mutations.registry import Source, operators
from flakestorm.mutations.tables import lines, table

TEXT = "How do I reset my password? I use bob@example.com"
MAIL = (34, 49)


def mutated(name: str, text: str = TEXT, seed: int = 0, intensity: float = 1.0) -> str | None:
    """What the operator makes of ``text``, or None."""
    protected = (MAIL,) if text == TEXT else ()
    draft = operators.get(f"language_mixing.{name}").function(
        Source(text, protected), Random(seed), intensity
    )
    return None if draft is None else apply_edits(text, draft.edits)


def test_word_lists_are_complete() -> None:
    """Eight languages with a word for each of 130 English ones, and 110 words as emoji."""
    rows = table("code_switching")
    assert len(rows) == len(lines("code_switching")) >= 130
    assert {len(row) for row in rows.values()} == {len(LANGUAGES)}
    assert all(word.strip() for row in rows.values() for word in row)
    assert len(table("emoji")) == len(lines("emoji")) >= 110
    assert not any(sign.isascii() for signs in table("emoji").values() for sign in signs)


def test_word_lists_are_in_their_languages() -> None:
    """European columns are in Latin letters, East Asian ones are not."""
    for row in table("code_switching").values():
        assert all(
            unicodedata.name(char).startswith(("LATIN", "SPACE", "HYPHEN", "APOS"))
            for char in "".join(row[:6])
        )
        assert all(
            unicodedata.name(char).startswith(("CJK", "IDEO", "HIRA", "KATA")) for char in "".join(row[6:])
        )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("german_words", "Wie do I zurücksetzen mein Passwort? I benutze bob@example.com"),
        ("french_words", "Comment do I réinitialiser mon mot de passe? I utilise bob@example.com"),
        ("spanish_words", "Cómo do I restablecer mi contraseña? I uso bob@example.com"),
        ("italian_words", "Come do I reimpostare mio password? I uso bob@example.com"),
        ("portuguese_words", "Como do I redefinir meu senha? I uso bob@example.com"),
        ("dutch_words", "Hoe do I resetten mijn wachtwoord? I gebruik bob@example.com"),
        ("chinese_words", "怎么 do I 重置 我的 密码? I 使用 bob@example.com"),
        ("japanese_words", "どうやって do I リセット 私の パスワード? I 使う bob@example.com"),
        ("cyrillic_letters", "Хов до И ресет ми пассворд? И усе bob@example.com"),
        ("greek_letters", "Χοου ντο Ι ρεσετ μι πασσουορντ? Ι ουσε bob@example.com"),
        ("arabic_letters", "هوو دو ي ريسيت مي باسسوورد? ي وسي bob@example.com"),
        ("devanagari_letters", "होव दो इ रेसेत मि पस्स्वोर्द? इ उसे bob@example.com"),
        ("katakana_letters", "ホウ ド イ レセト ミ パススウォルド? イ ウセ bob@example.com"),
        ("full_width", "Ｈｏｗ ｄｏ Ｉ ｒｅｓｅｔ ｍｙ ｐａｓｓｗｏｒｄ? Ｉ ｕｓｅ bob@example.com"),
        ("double_struck", "ℍ𝕠𝕨 𝕕𝕠 𝕀 𝕣𝕖𝕤𝕖𝕥 𝕞𝕪 𝕡𝕒𝕤𝕤𝕨𝕠𝕣𝕕? 𝕀 𝕦𝕤𝕖 bob@example.com"),
        ("small_capitals", "Hᴏᴡ ᴅᴏ I ʀᴇꜱᴇᴛ ᴍʏ ᴘᴀꜱꜱᴡᴏʀᴅ? I ᴜꜱᴇ bob@example.com"),
    ],
)
def test_examples(name: str, expected: str) -> None:
    """Real sentences, read by a person; the address is never touched."""
    assert mutated(name) == expected


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_leave_no_latin_letters(script: str) -> None:
    """Every English word is written out in the other script."""
    for word in (
        "the",
        "quick",
        "brown",
        "fox",
        "jumps",
        "over",
        "lazy",
        "dog",
        "psych",
        "rhythm",
        "xylophone",
    ):
        assert not any(char.isascii() and char.isalpha() for char in SCRIPTS[script](word)), word


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_pass_on_what_they_do_not_know(script: str) -> None:
    """Letters of other scripts stay where they are."""
    assert SCRIPTS[script]("ж") == "ж"
    assert SCRIPTS[script]("") == ""


@pytest.mark.parametrize("name", [name for name in ALPHABETS if name not in {"small_capitals", "squared"}])
def test_alphabets_fold_back(name: str) -> None:
    """Compatibility normalisation gives the golden prompt again."""
    made = mutated(name)
    assert made is not None
    assert made != TEXT
    assert unicodedata.normalize("NFKC", made) == TEXT


def test_alphabets_scale_with_intensity() -> None:
    """Single words at a low intensity, all of them from the middle on."""
    few, many = mutated("full_width", intensity=0.1), mutated("full_width", intensity=0.5)
    assert few is not None
    assert sum(word in few.split() for word in ("How", "do", "reset", "my", "use")) >= 3
    assert many == mutated("full_width", intensity=1.0)


def test_diacritics_are_added_and_stripped() -> None:
    """What one operator adds the other one takes away."""
    accented = mutated("diacritics_added")
    assert accented is not None
    assert accented != TEXT
    stripped = mutated("diacritics_stripped", accented.replace("bob@example.com", "it"))
    assert stripped == TEXT.replace("bob@example.com", "it")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wo ist der Straßenplan für Köln?", "Wo ist der Strassenplan fur Koln?"),
        ("Łódź æther", "Lodz aether"),
    ],
)
def test_stripping(text: str, expected: str) -> None:
    """Letters that do not come apart are written as people write them."""
    assert mutated("diacritics_stripped", text) == expected


def test_stripping_spares_other_scripts() -> None:
    """There a mark can be a letter of its own."""
    assert mutated("diacritics_stripped", "Чай, й и が") is None


def test_accents_sit_on_their_letter() -> None:
    """Each accented letter decomposes to the plain one or is a stroked form of it."""
    for letter, accented in DIACRITICS.items():
        for char in accented:
            assert (
                unicodedata.normalize("NFD", char)[0] == letter
                or f" {letter.upper()} " in f"{unicodedata.name(char)} "
            )


def test_emoji_stand_for_words() -> None:
    """Known words only."""
    made = mutated("emoji_words", "Please help me with my train ticket")
    assert made == "🙏 🆘 me with my 🚆 🎫"


def test_cjk_words_lose_the_space_before_them() -> None:
    """As they are written in running text."""
    made = mutated("cjk_mixed", "Where is my order now?")
    assert made is not None
    assert " " not in made
    assert mutated("cjk_mixed", "xyz") is None


def test_several_languages_in_one_sentence() -> None:
    """Different seeds mix different languages."""
    assert len({mutated("several_languages", seed=seed) for seed in range(10)}) == 10


@pytest.mark.parametrize("seed", range(3))
def test_right_to_left(seed: int) -> None:
    """The prompt stays whole inside controls, or between foreign courtesies."""
    embedded, greeted = (
        mutated("right_to_left_embedding", seed=seed),
        mutated("right_to_left_greeting", seed=seed),
    )
    assert embedded is not None
    assert greeted is not None
    assert embedded[1:-1] == TEXT
    assert TEXT in greeted
    assert unicodedata.bidirectional(greeted[0]) in {"R", "AL"}
