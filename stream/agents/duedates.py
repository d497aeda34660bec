"""The due-date index of a task: which loans a day can change, so that a tick touches only those.

It is derived from the table when a task begins. An entry may be out of date (the loan was judged since); the reader
checks, so nothing is ever taken off the list early.
"""

from __future__ import annotations


class DueIndex:
    """Keys by the day on which to look at them again."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: dict[int, list[bytes]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._keys.values()))

    def add(self, day: int, key: bytes) -> None:
        keys = self._keys.get(day)
        if keys is None:
            self._keys[day] = [key]
        else:
            keys.append(key)

    def has(self, day: int) -> bool:
        """Whether anything is left to look at on `day`."""
        return day in self._keys

    def count(self, day: int) -> int:
        """How many are left to look at on `day`."""
        return len(self._keys.get(day, ()))

    def peek(self, day: int) -> list[bytes]:
        """All keys of `day`, without taking them off; out of date ones and repeated ones too."""
        return self._keys.get(day, [])

    def take(self, day: int, limit: int) -> list[bytes]:
        """Take up to `limit` keys of `day` off the list, in the order in which they came."""
        keys = self._keys.get(day)
        if keys is None or limit <= 0:
            return []
        if len(keys) <= limit:
            del self._keys[day]
            return keys
        self._keys[day] = keys[limit:]
        return keys[:limit]
