"""Kafka timestamps of what is published here: the moment of publication, never going back.

Not the event's own time: Kafka's retention would delete a historic book, and the alerts that are stamped by it, within
minutes. A worker takes records of several topics in the order of their timestamps; so a change of topic moves the
stamp on by a millisecond, and the order of the files is kept.
"""

from __future__ import annotations

import time


class Stamps:
    """Stamps in milliseconds since 1970 UTC."""

    def __init__(self) -> None:
        self._last = 0
        self._topic = ""

    def next(self, topic: str) -> int:
        """The stamp of the next record, which goes to this topic."""
        now = int(time.time() * 1000)  # noqa: TID251  (the moment of publication)
        last = self._last if topic == self._topic else self._last + 1
        self._last, self._topic = max(now, last), topic
        return self._last
