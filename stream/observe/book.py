"""The loan book of this worker as metrics: the sums of its tasks' books, added up at each scrape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stream.agents.book import Book, Cell
from stream.observe import catalogue


class BookCollector(Collector):
    """Books by partition. They change on the event loop and are read on the metrics' thread: copies are added up."""

    def __init__(self) -> None:
        self._books: dict[int, Book] = {}
        self._ended: Counter[Cell] = Counter()
        self._ended_principal: Counter[tuple[str, str, str, str]] = Counter()

    def opened(self, partition: int, book: Book) -> None:
        """A task runs here."""
        self._books[partition] = book

    def revoked(self) -> None:
        """No task runs here any more; what was counted stays counted."""
        books, self._books = self._books, {}
        for book in books.values():
            self._ended.update(book.moves)
            self._ended_principal.update(book.moved_principal)

    def collect(self) -> Iterator[Metric]:
        """The book of the tasks that run here."""
        loans: Counter[Cell] = Counter()
        principal: Counter[Cell] = Counter()
        moves, moved = Counter(self._ended), Counter(self._ended_principal)
        for book in list(self._books.values()):
            for cell, sums in list(book.cells.items()):
                loans[cell] += sums[0]
                principal[cell] += sums[1]
            moves.update(dict(book.moves))
            moved.update(dict(book.moved_principal))
        for metric, values in ((catalogue.BOOK_LOANS, loans), (catalogue.BOOK_PRINCIPAL, principal)):
            family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
            for cell, value in sorted(values.items()):
                family.add_metric(cell, value)
            yield family
        yield _counted(catalogue.BOOK_MOVES, moves)
        yield _counted(catalogue.BOOK_MOVED_PRINCIPAL, moved)


def _counted(metric: catalogue.Metric, counts: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(metric.bare_name, metric.meaning, labels=metric.labels)
    for labels, count in sorted(counts.items()):
        family.add_metric(labels, count)
    return family
