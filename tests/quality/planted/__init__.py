"""Small agents with one planted defect each, and correct ones: the measure of flakestorm's finding power."""
