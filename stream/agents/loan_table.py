"""The loans that a batch touches: read once, changed in place, written back once."""

from __future__ import annotations

from stream.agents.batch import Batch, TaskState
from stream.agents.book import principal_in_book
from stream.engine.delinquency import next_check
from stream.engine.loan import Loan
from stream.engine.policy import Policy, Rules
from stream.translate.standing import StandingHeaders, standing_json
from stream.translate.state import load, load_whole, next_check_of, store


class Touched:
    """A loan that the batch has read or begun."""

    __slots__ = (
        "changed",
        "checked",
        "loan",
        "rules",
        "standing_partition",
        "timestamp",
        "was_bucket",
        "was_principal",
    )

    def __init__(self, loan: Loan, rules: Rules, standing_partition: int, checked: int, principal: int) -> None:
        """`checked`: the day under which the due-date index has the loan; 0: not at all.

        `principal`: with which the loan, as it is now, is in the book; 0: not at all.
        """
        self.loan = loan
        self.rules = rules
        self.standing_partition = standing_partition
        self.checked = checked
        self.changed = False  # something but the date is new: a standing follows
        self.was_bucket, self.was_principal = loan.bucket, principal
        self.timestamp = 0  # of the last record that had an effect; 0: nothing to write


class LoanTable:
    """The table as one batch sees and changes it."""

    def __init__(self, batch: Batch, policy: Policy, standing_topic: str, standing_headers: StandingHeaders) -> None:
        state: TaskState = batch.context
        self._batch = batch
        self._get = batch.get
        self._products, self._default = policy.products, policy.default
        self._topic = standing_topic
        self._headers = standing_headers
        self._due = state.due
        self._book = state.book
        self._touched: dict[bytes, Touched] = {}

    def read(self, key: bytes) -> Touched | None:
        """The loan of a key, None where there is none."""
        touched = self._touched.get(key)
        if touched is None:
            raw = self._get(key)
            if raw is None:
                return None
            loan, check, partition = load_whole(raw)
            rules = self._products.get(loan.product, self._default)
            touched = self._touched[key] = Touched(loan, rules, partition, check, principal_in_book(loan))
        return touched

    def glance(self, key: bytes, day: int) -> tuple[Loan, Rules] | None:
        """The loan of a key, not kept, if time alone can change it by `day`."""
        touched = self._touched.get(key)
        if touched is not None:
            return touched.loan, touched.rules
        raw = self._get(key)
        if raw is None or next_check_of(raw) > day:
            return None
        loan = load(raw)
        return loan, self._products.get(loan.product, self._default)

    def read_if_due(self, key: bytes, today: int) -> Touched | None:
        """The loan of a key if time alone can change it on `today`; None where it was judged since it was listed."""
        touched = self._touched.get(key)
        if touched is None:
            raw = self._get(key)
            if raw is None or next_check_of(raw) > today:
                return None
            touched = self.read(key)
        return None if touched is None or touched.loan.as_of >= today else touched

    def begin(self, key: bytes, loan: Loan, rules: Rules, standing_partition: int) -> Touched:
        """A new loan."""
        touched = self._touched[key] = Touched(loan, rules, standing_partition, 0, 0)
        return touched

    def list_again(self, key: bytes, touched: Touched) -> None:
        """Put an aged loan on the due-date index anew: it was taken off."""
        touched.checked = next_check(touched.loan, touched.rules)
        self._due.add(touched.checked, key)

    def forget(self, key: bytes, touched: Touched, timestamp: int) -> None:
        """Delete a loan, and its standing."""
        self._batch.put(key, None)
        self._batch.send(self._topic, touched.standing_partition, key, None, timestamp, ())
        del self._touched[key]

    def write_back(self) -> None:
        """Write each loan that changed, once, and its standing where more than the date is new."""
        due, book, headers, topic = self._due, self._book, self._headers, self._topic
        put, send = self._batch.put, self._batch.send
        for key, touched in self._touched.items():
            if not touched.timestamp:
                continue
            loan, rules, partition = touched.loan, touched.rules, touched.standing_partition
            check = next_check(loan, rules)
            if check != touched.checked:
                due.add(check, key)
            put(key, store(loan, check, partition))
            book.moved(loan, rules, touched.was_bucket, touched.was_principal)
            if touched.changed:
                send(topic, partition, key, standing_json(loan, rules), touched.timestamp, headers.of(loan))
        self._touched.clear()
