"""What a loan's past leaves behind for its days and its classifications, as text; most loans have nothing to remember.

`Extras.memory` holds words joined by `;`:

    s<day>                      the present count of days began here (first arrears, first material)
    o<start>,<second due>       a restructured loan is watched from here; its second due date after (0: none)
    i<indication>               an indication is in force, see indications.py
    l<loss>                     the loan is credit-impaired, with so much expected loss (hundredths of a percent)
    d                           its restructuring was a distressed one
    a<day>                      the loan was re-aged from this day on; the last two are kept
    c<scheme>,<cleared>,<second due>   the loan had reached the level that the scheme's cure starts from; the day on
                                which the arrears were cleared (0: not yet), and the second due date after
"""

from __future__ import annotations

from typing import Final

from stream.engine.extras import ensure
from stream.engine.loan import Loan
from stream.engine.money import DUE


class Memory:
    """The memory, read."""

    __slots__ = (
        "cures",
        "distressed",
        "expected_loss",
        "indications",
        "observed_from",
        "re_aged",
        "second_due",
        "since",
    )

    def __init__(self, text: str) -> None:
        self.since = self.observed_from = self.second_due = 0
        self.cures: dict[str, tuple[int, int]] = {}
        self.indications: list[str] = []
        self.expected_loss = -1  # not credit-impaired
        self.distressed = False
        self.re_aged: list[int] = []
        for word in text.split(";") if text else ():
            mark, rest = word[0], word[1:]
            if mark == "s":
                self.since = int(rest)
            elif mark == "o":
                start, second = rest.split(",")
                self.observed_from, self.second_due = int(start), int(second)
            elif mark == "i":
                self.indications.append(rest)
            elif mark == "l":
                self.expected_loss = int(rest)
            elif mark == "d":
                self.distressed = True
            elif mark == "a":
                self.re_aged.append(int(rest))
            else:
                name, cleared, second = rest.split(",")
                self.cures[name] = (int(cleared), int(second))

    def text(self) -> str:
        """The same as text; "" where there is nothing."""
        words = []
        if self.since:
            words.append(f"s{self.since}")
        if self.observed_from:
            words.append(f"o{self.observed_from},{self.second_due}")
        words += [f"i{indication}" for indication in self.indications]
        if self.expected_loss >= 0:
            words.append(f"l{self.expected_loss}")
        if self.distressed:
            words.append("d")
        words += [f"a{day}" for day in self.re_aged]
        words += [f"c{name},{cleared},{second}" for name, (cleared, second) in self.cures.items()]
        return ";".join(words)


NOTHING: Final = Memory("")
"""Of a loan without a past; never changed."""


def memory_of(loan: Loan) -> Memory:
    """What is remembered of the loan; not to be changed."""
    text = memory_text(loan)
    return Memory(text) if text else NOTHING


def memory_text(loan: Loan) -> str:
    """The same, unread."""
    return "" if loan.extras is None else loan.extras.memory


def keep(loan: Loan, past: Memory) -> None:
    """Remember it; a loan with nothing to remember gets no place for it."""
    text = past.text()
    if text != memory_text(loan):
        ensure(loan).memory = text


def restructurings(loan: Loan) -> int:
    """How often the loan's terms were eased for financial difficulty."""
    return 0 if loan.extras is None else len(loan.extras.restructured)


def second_due_after(loan: Loan, day: int) -> int:
    """The second due date after a day among what is unpaid; 0 where there are not two."""
    found = 0
    for row in loan.rows:
        if row[DUE] > day:
            found += 1
            if found == 2:
                return row[DUE]
    for line in loan.later.split("\n")[:-1]:
        due = int(line.split(" ", 2)[DUE])
        if due > day:
            found += 1
            if found == 2:
                return due
    return 0
