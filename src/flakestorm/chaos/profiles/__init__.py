"""Ready-made scenarios: one YAML file each, in the form of an entry of ``chaos_matrix``."""

from __future__ import annotations

from flakestorm.chaos.profiles.loading import load_profile, profile_names

__all__ = ["load_profile", "profile_names"]
