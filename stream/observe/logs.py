"""What the log leaves out: the same words over and over."""

from __future__ import annotations

import logging

PAUSE_SECONDS = 10.0
"""A library's message is said once in this time; a client without a broker says it ten times a second."""
MAX_REMEMBERED = 1_000


class LessRepetition(logging.Filter):
    """Lets a library's message through once in a while; our own always."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be written."""
        if record.name == "overdue" or record.name.startswith("stream.") or record.levelno >= logging.CRITICAL:
            return True
        words = record.getMessage()
        if record.created - self._said.get(words, float("-inf")) < PAUSE_SECONDS:
            return False
        if len(self._said) >= MAX_REMEMBERED:
            self._said.clear()
        self._said[words] = record.created
        return True
