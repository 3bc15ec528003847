"""Test doubles for people who test agents: public, and used by flakestorm's own demo and tests."""
