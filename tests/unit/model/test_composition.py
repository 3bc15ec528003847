"""Names of compositions: taken apart and shown to people."""

from __future__ import annotations

import pytest

from flakestorm.model.composition import display_name, operators_in, short_name, type_of, types_in


@pytest.mark.parametrize(
    ("operator", "parts", "type_", "short"),
    [
        ("noise.drop", ("noise.drop",), "noise", "drop"),
        (
            "noise.key_qwerty+encoding_attacks.base64",
            ("noise.key_qwerty", "encoding_attacks.base64"),
            "noise+encoding_attacks",
            "key qwerty + base64",
        ),
        ("custom.a+b", ("custom.a+b",), "custom", "a+b"),
        ("custom.a+b+noise.drop", ("custom.a+b", "noise.drop"), "custom+noise", "a+b + drop"),
    ],
)
def test_operators(operator: str, parts: tuple[str, ...], type_: str, short: str) -> None:
    """A plus sign in the name of a template separates nothing."""
    assert (operators_in(operator), type_of(operator), short_name(operator)) == (parts, type_, short)


def test_types() -> None:
    """Names for people; what is no type stays as it is."""
    assert types_in("noise+custom") == ("noise", "custom")
    assert display_name("noise") == "Noise"
    assert display_name("noise+encoding_attacks") == "Noise + Encoding Attacks"
    assert display_name("no-chaos") == "no-chaos"
    assert display_name("noise+homemade") == "noise+homemade"
