"""`loans.standing`: the whole current standing of one loan as JSON, written in one go.

It follows every repayment, so it is the largest single cost of an event. All texts in it are ids and codes whose
contract pattern needs no escape in JSON; a test holds the result equal to the contract's model, field by field.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from schemas.envelope import dataschema_of
from schemas.types import MAX_EVENT_ID_LENGTH
from stream.engine.dates import iso
from stream.engine.delinquency import grace_days
from stream.engine.loan import Loan, status
from stream.engine.money import DUE, FEE, INTEREST, NUMBER, PENALTY, PRINCIPAL
from stream.engine.policy import Rules
from stream.engine.schedule import next_due_row, past_due_rows
from stream.translate import records
from stream.translate.local_days import LocalDays

_NOT_PAST_DUE = (
    '"days_past_due":0,"delinquent_days":0,"delinquent_date":null,"bucket":null,"classifications":{},'
    '"overdue":{"principal":0,"interest":0,"fee":0,"penalty":0,"total":0},"delinquent_amount":0'
)


class StandingHeaders:
    """The CloudEvents headers of standings: most of them never change."""

    def __init__(self, time_zone: str, source: str) -> None:
        """`time` is the local midnight of `as_of` in the zone."""
        self._midnight = LocalDays(time_zone).midnight
        self._times: dict[int, tuple[str, bytes]] = {}
        self._fixed = [
            (records.SPECVERSION, b"1.0"),
            (records.SOURCE, source.encode()),
            (records.TYPE, b"loan.standing"),
            (records.DATASCHEMA, dataschema_of("loan.standing").encode()),
            (records.CONTENT_TYPE, records.JSON),
        ]

    def of(self, loan: Loan) -> list[tuple[str, bytes]]:
        """The headers of a loan's standing; its id is the loan, the day and the last event."""
        as_of = loan.as_of
        time = self._times.get(as_of)
        if time is None:
            time = self._times[as_of] = (records.TIME, self._midnight(as_of)[0].encode())
        identifier = f"{loan.loan_id}:{as_of}:{loan.last_event_id}".encode()
        if len(identifier) > MAX_EVENT_ID_LENGTH:
            identifier = sha256(identifier).hexdigest().encode()
        return [
            (records.ID, identifier),
            (records.SUBJECT, loan.loan_id.encode()),
            time,
            *self._fixed,
        ]


def standing_json(loan: Loan, rules: Rules) -> bytes:
    """The standing of a loan as of the business date that it was last judged on."""
    owed = loan.owed
    principal = owed[PRINCIPAL]
    total = principal + owed[INTEREST] + owed[FEE] + owed[PENALTY]
    if loan.days_past_due:
        figures, past_due = _past_due(loan, rules)
        oldest = f'"{iso(loan.oldest_due)}"'
    else:
        figures, past_due, oldest = _NOT_PAST_DUE, "[]", "null"
    row = next_due_row(loan, loan.as_of, rules)
    if row is None:
        next_due = '"next_due_date":null,"next_due_amount":0'
    else:
        amount = row[PRINCIPAL] + row[INTEREST] + row[FEE] + row[PENALTY]
        next_due = f'"next_due_date":"{iso(row[DUE])}","next_due_amount":{amount}'
    if loan.last_payment_id:
        last_payment = (
            f'{{"payment_id":"{loan.last_payment_id}","value_date":"{iso(loan.last_value_date)}",'
            f'"amount":{loan.last_amount}}}'
        )
    else:
        last_payment = "null"
    worst = max(loan.worst, loan.days_past_due)
    return (
        f'{{"loan_id":"{loan.loan_id}","borrower_id":"{loan.borrower_id}","product":"{loan.product}",'
        f'"segment":"{loan.segment}","currency":"{loan.currency}","status":"{status(loan)}","as_of":"{iso(loan.as_of)}",'
        f'{figures},"outstanding_principal":{principal},"outstanding_total":{total},"credit_balance":{loan.credit},'
        f'"oldest_due_date":{oldest},{next_due},"past_due_installments":{past_due},"installment_buckets":[],'
        f'"pauses":[],"last_payment":{last_payment},'
        f'"bucket_history":{_history_json(loan.bucket_history) if loan.bucket_history else "[]"},'
        f'"episode":{_episode(loan) if loan.delinquent_days else "null"},"max_days_past_due_ever":{worst},'
        f'"schedule_version":1,"policy_version":"{rules.policy_version}","last_event_id":"{loan.last_event_id}",'
        f'"behaviour":{{"days_late":[{loan.lateness}],"shortfalls":{loan.shortfalls}}}}}'
    ).encode()


def _past_due(loan: Loan, rules: Rules) -> tuple[str, str]:
    principal = interest = fee = penalty = 0
    installments = []
    for row in past_due_rows(loan, loan.as_of, rules):
        principal += row[PRINCIPAL]
        interest += row[INTEREST]
        fee += row[FEE]
        penalty += row[PENALTY]
        installments.append(
            f'{{"number":{row[NUMBER]},"due_date":"{iso(row[DUE])}","days_past_due":{loan.as_of - row[DUE]},"unpaid":'
            + _amounts(row[PRINCIPAL], row[INTEREST], row[FEE], row[PENALTY])
            + "}"
        )
    total = principal + interest + fee + penalty
    delinquent_date = iso(loan.oldest_due + grace_days(loan, rules))
    bucket = f'"{loan.bucket}"' if loan.bucket else "null"
    figures = (
        f'"days_past_due":{loan.days_past_due},"delinquent_days":{loan.delinquent_days},'
        f'"delinquent_date":"{delinquent_date}","bucket":{bucket},"classifications":{{}},'
        f'"overdue":{_amounts(principal, interest, fee, penalty)},"delinquent_amount":{total}'
    )
    return figures, "[" + ",".join(installments) + "]"


def _amounts(principal: int, interest: int, fee: int, penalty: int) -> str:
    total = principal + interest + fee + penalty
    return f'{{"principal":{principal},"interest":{interest},"fee":{fee},"penalty":{penalty},"total":{total}}}'


@lru_cache(maxsize=1 << 14)
def _history_json(history: str) -> str:
    """A bucket history as the contract has it; most standings have the one that the loan's last one had."""
    return "[" + ",".join([_stretch_json(*line.split(" ")) for line in history.splitlines()]) + "]"


def _stretch_json(bucket: str, since: str, until: str) -> str:
    to_date = "null" if until == "0" else f'"{iso(int(until))}"'
    return f'{{"bucket":"{bucket}","from_date":"{iso(int(since))}","to_date":{to_date}}}'


def _episode(loan: Loan) -> str:
    return (
        f'{{"id":"{loan.loan_id}:{loan.episode}","started_date":"{iso(loan.episode_start)}",'
        f'"worst_days_past_due":{loan.episode_worst}}}'
    )
