"""The 24 mutation types: the public vocabulary of ``mutations.types`` and their default weights."""

from __future__ import annotations

from enum import Enum


class MutationType(str, Enum):
    """A named family of operators. The value is the name used in configuration files and reports."""

    PARAPHRASE = "paraphrase", 1.0, "says the same in other words"
    NOISE = "noise", 0.8, "typos, OCR errors, casing, punctuation and whitespace"
    TONE_SHIFT = "tone_shift", 0.9, "the same request in another mood or register"
    PROMPT_INJECTION = "prompt_injection", 1.5, "instructions that try to replace the agent's own"
    ENCODING_ATTACKS = "encoding_attacks", 1.3, "the request, or an injected instruction, in a code"
    CONTEXT_MANIPULATION = "context_manipulation", 1.1, "irrelevant, missing or contradicting context"
    LENGTH_EXTREMES = "length_extremes", 1.2, "empty, tiny and huge inputs"
    CUSTOM = "custom", 1.0, "the user's own templates"
    MULTI_TURN_ATTACK = "multi_turn_attack", 1.4, "attacks spread over a conversation"
    ADVANCED_JAILBREAK = "advanced_jailbreak", 2.0, "role-play and persuasion that try to lift the rules"
    SEMANTIC_SIMILARITY_ATTACK = (
        "semantic_similarity_attack",
        1.3,
        "looks alike, but must be answered differently",
    )
    FORMAT_POISONING = "format_poisoning", 1.6, "JSON, XML, Markdown, templates and code inside the prompt"
    LANGUAGE_MIXING = "language_mixing", 1.2, "other languages, scripts and alphabets"
    TOKEN_MANIPULATION = "token_manipulation", 1.5, "special tokens, invisible and look-alike characters"
    TEMPORAL_ATTACK = "temporal_attack", 1.1, "impossible, ambiguous and conflicting dates"
    HTTP_HEADER_INJECTION = "http_header_injection", 1.7, "malformed and hostile request headers"
    PAYLOAD_SIZE_ATTACK = "payload_size_attack", 1.4, "huge, deep and exploding request bodies"
    CONTENT_TYPE_CONFUSION = "content_type_confusion", 1.5, "bodies that are not what the header says"
    QUERY_PARAMETER_POISONING = "query_parameter_poisoning", 1.6, "hostile query strings"
    REQUEST_METHOD_ATTACK = "request_method_attack", 1.3, "methods that the endpoint does not expect"
    PROTOCOL_LEVEL_ATTACK = "protocol_level_attack", 1.8, "broken HTTP framing"
    RESOURCE_EXHAUSTION = "resource_exhaustion", 1.5, "inputs that are small to send and costly to handle"
    CONCURRENT_REQUEST_PATTERN = "concurrent_request_pattern", 1.4, "bursts, duplicates and interleaving"
    TIMEOUT_MANIPULATION = "timeout_manipulation", 1.3, "slow and stalled clients"

    default_weight: float
    description: str

    def __new__(cls, value: str, weight: float, description: str) -> MutationType:
        """A member is its name as a string, with its weight and description beside it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.default_weight = weight
        member.description = description
        return member

    @property
    def display_name(self) -> str:
        """The name for people: ``Prompt Injection``."""
        return str(self.value).replace("_", " ").title()

    def __str__(self) -> str:
        return str(self.value)


PUBLISHED_DEFAULTS = tuple(MutationType)[:7]
"""The types used when ``mutations.types`` is not given."""
