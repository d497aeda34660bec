"""From a moment to the lender's calendar day, and back; cached, because every event asks."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from schemas.types import parse_instant
from stream.engine.dates import Day

_MINUTES_AND_SECONDS: Final = frozenset(f":{minute:02}:{second:02}" for minute in range(60) for second in range(60))
REST_OF_HOUR: Final = frozenset(f"{text}Z".encode() for text in _MINUTES_AND_SECONDS)
"""What may follow the hour in a UTC time of whole seconds, as it stands in a header."""
_PARTS: Final = re.compile(
    r"(?P<hour>[0-9-]{10}T[0-9]{2})(?P<rest>:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(?P<zone>\S{1,6})"
)
_MAX_HOURS: Final = 100_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND: Final = timedelta(minutes=59, seconds=59)
_MILLISECOND: Final = timedelta(milliseconds=1)


class LocalDays:
    """The calendar of one time zone."""

    def __init__(self, time_zone: str) -> None:
        """An IANA zone name, such as Asia/Shanghai; raises ZoneInfoNotFoundError for another."""
        self.zone = ZoneInfo(time_zone)
        self._hours: dict[str, Day] = {}
        self.utc_hours: dict[bytes, Day] = {}
        """Local day by UTC hour, `2024-01-31T08`, for hours that lie within one local day; filled by `of`."""
        self.midnight = lru_cache(maxsize=1 << 14)(self._midnight)

    def of(self, text: str) -> Day:
        """The local day of an RFC 3339 time.

        Hours that lie within one local day are remembered by their text without minutes and seconds, so that most
        events cost two look-ups.

        Raises:
            PydanticCustomError: as `parse_instant`.
        """
        day = self._hours.get(text[:13] + text[19:])
        if day is not None and text[13:19] in _MINUTES_AND_SECONDS:
            return day
        parts = _PARTS.fullmatch(text)
        if parts is not None and parts["rest"] in _MINUTES_AND_SECONDS:
            day = self._hours.get(parts["hour"] + parts["zone"])  # without the fraction of the second
            if day is not None:
                return day
        moment = parse_instant(text)
        day = self.at(moment)
        if parts is not None and self._whole_hour_is_one_day(moment):
            self._remember(parts["hour"], parts["zone"], day)
        return day

    def _remember(self, hour: str, zone: str, day: Day) -> None:
        if len(self._hours) >= _MAX_HOURS:
            self._hours.clear()
            self.utc_hours.clear()
        self._hours[hour + zone] = day
        if zone == "Z":
            self.utc_hours[hour.encode()] = day

    def at(self, moment: datetime) -> Day:
        """The local day of a moment."""
        return Day(moment.astimezone(self.zone).toordinal())

    def second_of(self, text: str) -> int:
        """The local time of day of an RFC 3339 time, in seconds after midnight, as its clocks show it."""
        shown = parse_instant(text).astimezone(self.zone)
        return shown.hour * 3600 + shown.minute * 60 + shown.second

    def _whole_hour_is_one_day(self, moment: datetime) -> bool:
        """Whether neither midnight nor a change of the clocks falls in the hour."""
        start = moment.replace(minute=0, second=0, microsecond=0)
        first, last = start.astimezone(self.zone), (start + _LAST_SECOND).astimezone(self.zone)
        return first.date() == last.date() and first.utcoffset() == last.utcoffset()

    def _midnight(self, day: int) -> tuple[str, int]:
        """When a local day begins: as RFC 3339 in UTC, and in milliseconds since 1970.

        Where the clocks skip midnight, it begins at the first moment that they show.
        """
        moment = datetime.combine(date.fromordinal(day), time(), self.zone).astimezone(UTC)
        milliseconds = (moment - _EPOCH) // _MILLISECOND
        return self.utc(milliseconds), milliseconds

    @staticmethod
    def utc(milliseconds: int) -> str:
        """Milliseconds since 1970 as RFC 3339 in UTC; the fraction is left out where it is 0."""
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
        return (
            moment.replace(tzinfo=None).isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds") + "Z"
        )
