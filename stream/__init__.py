"""Overdue detection for lenders: loan events in, overdue alerts out, exactly once."""
