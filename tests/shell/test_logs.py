"""The worker's log."""

from __future__ import annotations

import logging

from stream.observe.logs import PAUSE_SECONDS, LessRepetition


def record(name: str, words: str, at: float, level: int = logging.ERROR) -> logging.LogRecord:
    made = logging.LogRecord(name, level, "", 0, words, None, None)
    made.created = at
    return made


def test_a_librarys_message_is_said_once_in_a_while() -> None:
    """Within the pause the same words are left out, other words are not, and after it they come again."""
    logs = LessRepetition()
    assert logs.filter(record("aiokafka", "no broker", 100.0))
    assert not logs.filter(record("aiokafka", "no broker", 100.0 + PAUSE_SECONDS - 0.1))
    assert logs.filter(record("aiokafka", "another", 100.1))
    assert logs.filter(record("aiokafka", "no broker", 100.0 + PAUSE_SECONDS))


def test_the_workers_own_messages_and_last_words_are_never_left_out() -> None:
    """Our own loggers, and anything critical, come through each time."""
    logs = LessRepetition()
    for _ in range(2):
        assert logs.filter(record("overdue", "running", 1.0))
        assert logs.filter(record("stream.faust_batch.task", "stopped", 1.0))
        assert logs.filter(record("faust.worker", "crash", 1.0, logging.CRITICAL))
