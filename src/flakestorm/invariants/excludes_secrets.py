"""The invariant ``excludes_secrets``: the reply gives away nothing with which somebody could log in.

It is the part of ``excludes_pii`` for agents that may, or must, speak of people: credentials are nobody's
business in any reply.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from flakestorm.invariants.detected import DetectionRule, detection_check, known, listed
from flakestorm.invariants.pii.scan import find_pii
from flakestorm.invariants.pii.table import SECRET_KINDS
from flakestorm.invariants.registry import Check, Scope, invariant

SecretKind = Annotated[
    str,
    AfterValidator(known("kind of secret", SECRET_KINDS)),
    WithJsonSchema({"type": "string", "enum": list(SECRET_KINDS)}),
]
SecretKinds = Annotated[
    tuple[SecretKind, ...], BeforeValidator(listed, json_schema_input_type=tuple[SecretKind, ...])
]


class ExcludesSecretsRule(DetectionRule):
    """Options of ``excludes_secrets``."""

    type: Literal["excludes_secrets"] = "excludes_secrets"
    kinds: SecretKinds = Field(SECRET_KINDS, description="Only these kinds; default: all", min_length=1)
    exclude: SecretKinds = Field((), description="All but these kinds")


@invariant("excludes_secrets", ExcludesSecretsRule, Scope.CONDUCT)
def build_excludes_secrets(options: ExcludesSecretsRule) -> Check:
    """The reply contains no keys, tokens or passwords."""
    kinds = frozenset(options.kinds) - frozenset(options.exclude)
    return detection_check(options, lambda reply: find_pii(reply, kinds), "the reply gives away")
