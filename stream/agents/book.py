"""The loan book of a task: how many loans, and how much principal, stand in each bucket.

It is kept up change by change, and stored with the task's state in the same transaction: exact after a crash, and
nothing to add up at a restart. A loan is in the book while it owes principal and has not ended (cancelled, charged
off, written off, transferred, closed).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from stream.engine.loan import Loan
from stream.engine.money import PRINCIPAL
from stream.engine.policy import Policy, Rules
from stream.translate.state import load

BOOK_KEY: Final = b"\x00book"
CURRENT: Final = "current"
"""Stands for the bucket of a loan that is not delinquent."""
DEFAULT_PRODUCT: Final = "default"
"""Stands for every product that the policy does not name, so that events can't make up labels."""
OTHER: Final = "other"
MOST_CELLS: Final = 300

Cell = tuple[str, str, str]
"""Product, currency, bucket."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def principal_in_book(loan: Loan) -> int:
    """What a loan adds to the book's principal, in minor units; 0: it is not in the book."""
    return 0 if loan.closed_as else loan.owed[PRINCIPAL]


class Book:
    """The book of one task.

    Attributes:
        cells: (product, currency, bucket) to [loans, principal in minor units].
        moves: (product, bucket left, `worse`, `better` or `cured`) to how often, since the task was opened here.
        moved_principal: (product, currency, bucket left, direction) to these loans' principal, in minor units.
        changed: whether it differs from what is stored.
    """

    __slots__ = ("_products", "cells", "changed", "moved_principal", "moves")

    def __init__(self, products: frozenset[str]) -> None:
        """`products`: those that the policy names."""
        self._products = products
        self.cells: dict[Cell, list[int]] = {}
        self.moves: dict[Cell, int] = {}
        self.moved_principal: dict[tuple[str, str, str, str], int] = {}
        self.changed = False

    @classmethod
    def open(cls, table: Mapping[bytes, bytes], policy: Policy) -> Book:
        """The book as stored; added up loan by loan where none is, or where the policy names other products."""
        book = cls(frozenset(policy.products))
        raw = table.get(BOOK_KEY)
        if raw is not None:
            products, cells = _decode(raw)
            if frozenset(products) == book._products:
                book.cells = {(product, currency, bucket): sums for product, currency, bucket, *sums in cells}
                return book
        for key, value in table.items():
            if not key.startswith(b"\x00"):
                loan = load(value)
                if principal := principal_in_book(loan):
                    book._add(loan, loan.bucket, 1, principal)
        book.changed = bool(book.cells)
        return book

    def stored(self) -> bytes:
        """What `open` reads."""
        self.changed = False
        cells: list[list[Any]] = [[*cell, *sums] for cell, sums in self.cells.items()]
        return _encode([sorted(self._products), cells])

    def moved(self, loan: Loan, rules: Rules, was_bucket: str, was_principal: int) -> None:
        """Take over a loan as it is now; it was in the book with this bucket and principal (0: not at all)."""
        principal = 0 if loan.closed_as else loan.owed[PRINCIPAL]
        bucket = loan.bucket
        if bucket == was_bucket:
            if principal == was_principal:
                return
            if principal and was_principal:  # a payment, the commonest by far
                product = loan.product if loan.product in self._products else DEFAULT_PRODUCT
                sums = self.cells.get((product, loan.currency, bucket or CURRENT))
                if sums is not None:
                    sums[1] += principal - was_principal
                    self.changed = True
                    return
                self._add(loan, bucket, 0, principal - was_principal)
                return
            self._add(loan, bucket, 1 if principal else -1, principal - was_principal)
            return
        if was_principal:
            self._add(loan, was_bucket, -1, -was_principal)
        if principal:
            self._add(loan, bucket, 1, principal)
        if was_bucket:
            after, before = rules.min_days(bucket), rules.min_days(was_bucket)
            direction = "cured" if not bucket else "worse" if after > before else "better"
            self._count_move(loan, was_bucket, direction, was_principal)
        elif principal:
            self._count_move(loan, CURRENT, "worse", was_principal or principal)

    def _add(self, loan: Loan, bucket: str, loans: int, principal: int) -> None:
        product = loan.product if loan.product in self._products else DEFAULT_PRODUCT
        cell = (product, loan.currency, bucket or CURRENT)
        sums = self.cells.get(cell)
        if sums is None:
            if len(self.cells) >= MOST_CELLS:
                cell = (OTHER, OTHER, OTHER)
            sums = self.cells.setdefault(cell, [0, 0])
        sums[0] += loans
        sums[1] += principal
        self.changed = True

    def _count_move(self, loan: Loan, left: str, direction: str, principal: int) -> None:
        product = loan.product if loan.product in self._products else DEFAULT_PRODUCT
        move = (product, left, direction)
        if move in self.moves or len(self.moves) < MOST_CELLS:
            self.moves[move] = self.moves.get(move, 0) + 1
        amounts, by_currency = self.moved_principal, (product, loan.currency, left, direction)
        if by_currency in amounts or len(amounts) < MOST_CELLS:
            amounts[by_currency] = amounts.get(by_currency, 0) + principal
