"""Stammkunde as a Dagster code location: what runs, when, and in which order."""
