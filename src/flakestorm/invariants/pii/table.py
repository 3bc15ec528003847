"""The kinds of personal data and secrets: which there are, which are asked for, and what rules them out.

Rows stand in ``detection/patterns.json``; one earlier in the table wins where two match the same place.
"""

from __future__ import annotations

from flakestorm.invariants.detection.table import PERSONAL, patterns

PATTERNS = patterns(PERSONAL)

KINDS = tuple(dict.fromkeys(pattern.kind for pattern in PATTERNS))
"""All kinds in the order of the table."""

SECRET_KINDS = tuple(dict.fromkeys(pattern.kind for pattern in PATTERNS if pattern.category == "credentials"))
"""Those with which whoever reads them can act in somebody's name."""

OPTIONAL = ("internal_ip_address",)
"""Looked for only when somebody asks: they say something about a network and nothing about a person."""

DEFAULT_KINDS = tuple(kind for kind in KINDS if kind not in OPTIONAL)
"""What is looked for unless somebody says otherwise."""

GUARDS = (
    "order", "invoice", "ticket", "tracking", "reference", "ref", "case", "isbn", "issn", "ean", "upc",
    "gtin",
    "sku", "part", "serial", "model", "build", "commit", "uuid", "transaction", "article", "item", "product",
    "batch", "lot", "version", "release", "firmware", "chrome", "driver", "po", "booking", "confirmation",
    "shipment", "parcel", "job", "request", "error", "code", "flight", "bestellung", "bestellnummer",
    "rechnung",
    "rechnungsnummer", "sendungsnummer", "artikelnummer", "vorgang", "commande", "facture", "suivi",
    "pedido",
    "factura", "ordine", "fattura", "fatura", "v", "rev", "part no", "model no", "asset", "meter",
)  # fmt: skip
"""Words in front of a number that say it is not about a person."""
