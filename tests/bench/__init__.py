"""Measurements beside other stream processors: `python -m tests.bench`; see README.md here."""
