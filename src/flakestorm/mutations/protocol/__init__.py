"""Attacks on the protocol: the golden prompt stays as it is, and the HTTP request that carries it breaks."""

from __future__ import annotations

from flakestorm.mutations.protocol import (  # noqa: F401 - imported for their operators
    concurrent_request_pattern,
    content_type_confusion,
    http_header_injection,
    http_header_syntax,
    payload_size_attack,
    protocol_level_attack,
    protocol_level_framing,
    query_parameter_poisoning,
    request_method_attack,
    resource_exhaustion,
    timeout_manipulation,
)
