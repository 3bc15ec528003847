"""Finding personal data and secrets in text: a table of kinds, checks that rule accidents out, a scanner."""
