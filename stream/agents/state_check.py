"""Whether a restored table is this release's, and this partition's: looked at before a task runs on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from stream.translate.partition import partition_of
from stream.translate.state import StateError, load

LOOKED_AT: Final = 100
"""So many loans tell whether all can be read; a damaged one among the others ends the worker when it is touched."""


def check_state(table: Mapping[bytes, bytes], partition: int, partitions: int, *, strict: bool) -> None:
    """Refuse a table that another format, or another partition, left here.

    strict: events on another partition than murmur2 of their key are refused, so no loan can be here by their doing.
    Raises StateError with what to do.
    """
    looked_at = list(islice(_loans(table), LOOKED_AT))
    for key, value in looked_at:
        try:
            loan_id = load(value).loan_id
        except StateError as error:
            raise StateError(f"partition {partition}: {error}") from error
        if loan_id.encode() != key:
            raise StateError(
                f"partition {partition}: the state of one loan lies under the id of another: the changelog was written "
                "by something else than a worker. Judge all inputs anew under another app id"
            )
    elsewhere = sum(partition_of(key, partitions) != partition for key, _ in looked_at)
    if strict and elsewhere * 2 > len(looked_at):
        raise StateError(
            f"partition {partition}: {elsewhere} of {len(looked_at)} loans looked at belong to other partitions of "
            f"{partitions}: the changelog was copied from elsewhere, or the number of partitions was changed. Judge "
            "all inputs anew under another app id"
        )


def _loans(table: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Keys that begin with a zero byte are no loans."""
    return ((key, value) for key, value in table.items() if key[0])
