"""`loans.standing`: the whole current standing of one loan as JSON, written in one go.

It follows every repayment, so it is the largest single cost of an event. All texts in it are ids and codes whose
contract pattern needs no escape in JSON; a test holds the result equal to the contract's model, field by field.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from schemas.envelope import dataschema_of
from schemas.types import MAX_EVENT_ID_LENGTH
from stream.engine import chargebacks
from stream.engine.dates import iso
from stream.engine.delinquency import grace_days
from stream.engine.installments import by_bucket
from stream.engine.loan import Loan, counted_day, status
from stream.engine.money import DUE, FEE, INTEREST, NUMBER, PENALTY, PRINCIPAL, TOTAL
from stream.engine.policy import Rules
from stream.engine.schedule import next_due_row, past_due_rows, upcoming_row
from stream.translate import records
from stream.translate.local_days import LocalDays

_NOT_PAST_DUE = (
    '"days_past_due":0,"delinquent_days":0,"delinquent_date":null,"bucket":null,'
    '"overdue":{"principal":0,"interest":0,"fee":0,"penalty":0,"total":0}'
)
_NOTHING_RARE = '"installment_buckets":[],"pauses":[],"schedule_version":1'

_NOTHING_UPCOMING = '"upcoming_number":null,"upcoming_due_date":null,"upcoming_unpaid":0,"upcoming_scheduled":0'


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
    if loan.oldest_due:  # what is past due is told even while the arrears are not material and no days count
        figures, past_due, overdue = _past_due(loan, rules)
        oldest, worst = f'"{iso(loan.oldest_due)}"', max(loan.worst, loan.days_past_due)
    else:
        figures, past_due, overdue, oldest, worst = _NOT_PAST_DUE, "[]", 0, "null", loan.worst
    if loan.extras is None and not rules.installment_level:
        rare, excess = _NOTHING_RARE, 0
    else:
        rare, excess = _rare(loan, rules)
    row = next_due_row(loan, loan.as_of, rules)
    if row is None:
        next_due, upcoming = '"next_due_date":null,"next_due_amount":0', _NOTHING_UPCOMING
    else:
        due, amount = iso(row[DUE]), row[PRINCIPAL] + row[INTEREST] + row[FEE] + row[PENALTY]
        next_due = f'"next_due_date":"{due}","next_due_amount":{amount}'
        if row[DUE] >= loan.as_of:
            upcoming = (
                f'"upcoming_number":{row[NUMBER]},"upcoming_due_date":"{due}","upcoming_unpaid":{amount},'
                f'"upcoming_scheduled":{row[TOTAL]}'
            )
        else:
            upcoming = _upcoming(loan)
    if loan.last_payment_id:
        last_payment = (
            f'{{"payment_id":"{loan.last_payment_id}","value_date":"{iso(loan.last_value_date)}",'
            f'"amount":{loan.last_amount}}}'
        )
    else:
        last_payment = "null"
    classes = _classes_json(loan.classes or rules.normal_classes)
    return (
        f'{{"loan_id":"{loan.loan_id}","borrower_id":"{loan.borrower_id}","product":"{loan.product}",'
        f'"segment":"{loan.segment}","currency":"{loan.currency}","status":"{status(loan)}","as_of":"{iso(loan.as_of)}",'
        f'{figures},"delinquent_amount":{overdue + excess},"classifications":{classes},'
        f'"outstanding_principal":{principal},"outstanding_total":{total},"credit_balance":{loan.credit},'
        f'"oldest_due_date":{oldest},{next_due},"past_due_installments":{past_due},{rare},"last_payment":{last_payment},'
        f'"bucket_history":{_history_json(loan.bucket_history) if loan.bucket_history else "[]"},'
        f'"episode":{_episode(loan) if loan.delinquent_days else "null"},"max_days_past_due_ever":{worst},'
        f'"policy_version":"{rules.policy_version}","last_event_id":"{loan.last_event_id}",'
        f'"behaviour":{{"days_late":[{loan.lateness}],"shortfalls":{loan.shortfalls},'
        f'"grace_days":{rules.grace_days if loan.grace_days < 0 else loan.grace_days},{upcoming}'
        f"{_misuse(loan) if loan.extras is not None else ''}}}}}"
    ).encode()


def _misuse(loan: Loan) -> str:
    """Since when the money is known to be misused; nothing where it is not."""
    extras = loan.extras
    if extras is None or not 0 < extras.misuse_from <= loan.as_of:
        return ""
    return f',"misuse_found_date":"{iso(extras.misuse_from)}"'


def _upcoming(loan: Loan) -> str:
    """The next unpaid installment that is not past due, where the policy's next due date is that of an older one."""
    row = upcoming_row(loan, loan.as_of)
    if row is None:
        return _NOTHING_UPCOMING
    return (
        f'"upcoming_number":{row[NUMBER]},"upcoming_due_date":"{iso(row[DUE])}",'
        f'"upcoming_unpaid":{row[PRINCIPAL] + row[INTEREST] + row[FEE] + row[PENALTY]},'
        f'"upcoming_scheduled":{row[TOTAL]}'
    )


def _past_due(loan: Loan, rules: Rules) -> tuple[str, str, int]:
    """The figures and the installments of a loan past due, and its overdue total."""
    day = counted_day(loan, loan.as_of)
    principal = interest = fee = penalty = 0
    installments = []
    for row in past_due_rows(loan, day, rules):
        number, due, of_principal, of_interest, of_fee, of_penalty, _ = row
        principal += of_principal
        interest += of_interest
        fee += of_fee
        penalty += of_penalty
        installments.append(
            f'{{"number":{number},"due_date":"{iso(due)}","days_past_due":{day - due},"unpaid":{{'
            f'"principal":{of_principal},"interest":{of_interest},"fee":{of_fee},"penalty":{of_penalty},'
            f'"total":{of_principal + of_interest + of_fee + of_penalty}}}}}'
        )
    delinquent_date = iso(loan.oldest_due + grace_days(loan, rules))
    bucket = f'"{loan.bucket}"' if loan.bucket else "null"
    figures = (
        f'"days_past_due":{loan.days_past_due},"delinquent_days":{loan.delinquent_days},'
        f'"delinquent_date":"{delinquent_date}","bucket":{bucket},'
        f'"overdue":{_amounts(principal, interest, fee, penalty)}'
    )
    return figures, "[" + ",".join(installments) + "]", principal + interest + fee + penalty


def _rare(loan: Loan, rules: Rules) -> tuple[str, int]:
    """What few loans have to say, and the excess of chargebacks; see domain reference, 9.3, 9.7 and 9.8."""
    extras, day = loan.extras, loan.as_of
    buckets = by_bucket(loan, rules) if rules.installment_level and loan.delinquent_days else []
    if extras is None:
        version, pauses, excess = 1, "", 0
    else:
        version, excess = extras.schedule_version, chargebacks.excess(loan, counted_day(loan, day))
        pauses = ",".join([_pause(start, end, active=start <= day <= end) for start, end in extras.pauses])
    said = (
        f'"installment_buckets":[{",".join([_bucket(*found) for found in buckets])}],"pauses":[{pauses}],'
        f'"schedule_version":{version}'
    )
    return said, excess


def _bucket(code: str, min_days: int, max_days: int | None, amount: int) -> str:
    last = "null" if max_days is None else max_days
    return f'{{"bucket":"{code}","min_days":{min_days},"max_days":{last},"amount":{amount}}}'


def _pause(start: int, end: int, *, active: bool) -> str:
    return f'{{"start_date":"{iso(start)}","end_date":"{iso(end)}","active":{"true" if active else "false"}}}'


@lru_cache(maxsize=1 << 12)
def _classes_json(classes: str) -> str:
    """Classes as the contract has them, of the engine's text `scheme:code scheme:code`."""
    pairs = [word.rpartition(":") for word in classes.split()]
    return "{" + ",".join([f'"{scheme}":"{code}"' for scheme, _, code in pairs]) + "}"


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
    if loan.extras is not None and loan.extras.held:
        return "null"  # a pause keeps the episode from beginning
    return (
        f'{{"id":"{loan.loan_id}:{loan.episode}","started_date":"{iso(loan.episode_start)}",'
        f'"worst_days_past_due":{loan.episode_worst}}}'
    )
