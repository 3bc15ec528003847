"""Results of tools changed: damaged, outdated, or hostile."""
