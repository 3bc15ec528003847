"""The one place where the version is written; packaging, the command line and the docs read it here."""

__version__ = "3.0.0"
