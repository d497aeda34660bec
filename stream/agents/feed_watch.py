"""What a task keeps of its repayment feed, stored with its state in the same transaction: exact after a crash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from stream.engine import feed as engine
from stream.engine.feed import Feed, FeedRules
from stream.engine.policy import Policy

FEED_KEY: Final = b"\x00feed"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[dict[int, int], list[tuple[int, int]], int, int, int]).decode


class FeedWatch:
    """The feed of one task, and what is derived of it while a day is held.

    Attributes:
        changed: whether it differs from what is stored.
        late: keys of the loans that would turn late if the held day opened; None: not known yet.
    """

    __slots__ = ("changed", "feed", "late", "policy_version", "rules")

    def __init__(self, feed: Feed, rules: FeedRules, policy_version: str) -> None:
        self.feed = feed
        self.rules = rules
        self.policy_version = policy_version
        self.late: set[bytes] | None = None
        self.changed = False

    @classmethod
    def open(cls, table: Mapping[bytes, bytes], policy: Policy, business_date: int) -> FeedWatch | None:
        """The feed as stored; None where the policy does not want it watched."""
        rules = policy.feed
        if rules is None:
            return None
        feed = Feed()
        raw = table.get(FEED_KEY)
        if raw is not None:
            feed.met, feed.past, feed.late, feed.held, feed.until = _decode(raw)
            if feed.held <= business_date:
                feed.held = 0  # it was opened while another policy did not watch
        return cls(feed, rules, policy.version)

    def stored(self) -> bytes:
        """What `open` reads."""
        feed = self.feed
        self.changed = False
        return _encode((feed.met, feed.past, feed.late, feed.held, feed.until))

    def turned_late(self) -> None:
        """A loan turned late on the day that is being opened."""
        self.feed.late += 1
        self.changed = True

    def opened(self, day: int) -> None:
        """A day is opened and judged."""
        engine.note_opened(self.feed, self.rules, day)
        self.changed = True
