"""The long parts of a loan, left as the table has them until something asks.

A plain payment changes a few figures and adds a line to the journal; to read and write the journal and the untouched
installments for that would cost more than the payment itself.
"""

from __future__ import annotations


class Unread:
    """The later installments and the journal, of which both lie unread in `stored` at first.

    stored: bytes that hold both, one after the other, up to their end.
    new_lines: what was added to the journal since.
    """

    __slots__ = ("_journal", "_later", "journal_at", "later_at", "new_lines", "stored")

    def __init__(self, stored: bytes = b"", later_at: int = 0, journal_at: int = 0) -> None:
        """`later_at`, `journal_at`: where the two begin."""
        self.stored = stored
        self.later_at = later_at
        self.journal_at = journal_at
        self.new_lines = ""
        self._later: str | None = None
        self._journal: bytes | None = None

    @property
    def later(self) -> str:
        """The untouched installments after the open ones, a line of seven numbers each."""
        if self._later is None:
            self._later = self.stored[self.later_at : self.journal_at].decode("ascii")
        return self._later

    @later.setter
    def later(self, lines: str) -> None:
        self._later = lines

    @property
    def journal(self) -> bytes:
        """ASCII lines, see journal.py."""
        found = self._journal
        if found is None:
            found = self.stored[self.journal_at :]
        elif not self.new_lines:
            return found
        self._journal = found = found + self.new_lines.encode()
        self.new_lines = ""
        return found

    @journal.setter
    def journal(self, lines: bytes) -> None:
        self._journal = lines
        self.new_lines = ""

    def note(self, line: str) -> None:
        """Add a line to the journal."""
        self.new_lines += line

    @property
    def journal_size(self) -> int:
        """Bytes of the journal."""
        known = len(self.stored) - self.journal_at if self._journal is None else len(self._journal)
        return known + len(self.new_lines)

    def kept(self) -> tuple[int, bytes, bytes, bytes]:
        """What is to be stored of both: how many bytes the later installments have, and all bytes, in three parts."""
        later, journal, lines = self._later, self._journal, self.new_lines.encode()
        if later is None and journal is None:
            return self.journal_at - self.later_at, self.stored[self.later_at :], b"", lines
        first = self.stored[self.later_at : self.journal_at] if later is None else later.encode()
        return len(first), first, self.stored[self.journal_at :] if journal is None else journal, lines
