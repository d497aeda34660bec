"""The catalogue: every topic with its owner, key, partitioning, configuration, and the events on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from schemas.business_days import BusinessDayOpened
from schemas.day_judged import BusinessDayJudged
from schemas.dead_letters import MessageRejected
from schemas.disbursements import LoanDisbursed, LoanDisbursementCancelled
from schemas.overdue import (
    FeedHeld,
    FeedReleased,
    LoanAlertCorrected,
    LoanBucketChanged,
    LoanClassificationChanged,
    LoanClassificationCorrected,
    LoanCured,
    LoanDueSoon,
    LoanOverdueNoticed,
    LoanOverdueStarted,
    LoanPauseChanged,
    LoanRecoveryReceived,
)
from schemas.repayments import LoanChargedBack, LoanRepaid, LoanRepaymentReversed
from schemas.servicing import (
    LoanChargedOff,
    LoanChargePosted,
    LoanChargeWaived,
    LoanClosed,
    LoanCreditIndicationEnded,
    LoanCreditIndicationSet,
    LoanDelinquencyPaused,
    LoanDelinquencyResumed,
    LoanImpairmentAssessed,
    LoanMisuseFound,
    LoanScheduleRevised,
    LoanTechnicalOverdueFlagged,
    LoanTransferred,
    LoanWrittenOff,
)
from schemas.signals import SIGNALS
from schemas.standing import LoanStanding
from schemas.types import Contract
from schemas.warnings import EarlyWarningCleared, EarlyWarningEscalated, EarlyWarningRaised

DISBURSEMENTS: Final = "loans.disbursements"
REPAYMENTS: Final = "loans.repayments"
SERVICING: Final = "loans.servicing"
BUSINESS_DAYS: Final = "business-days"
OVERDUE: Final = "loans.overdue"
STANDING: Final = "loans.standing"
DEAD_LETTERS: Final = "dead-letters"
BORROWER_SIGNALS: Final = "borrowers.signals"
EARLY_WARNINGS: Final = "loans.early-warnings"

WORKER: Final = "overdue worker"
Compatibility = Literal["BACKWARD_TRANSITIVE", "FORWARD_TRANSITIVE", "FULL_TRANSITIVE"]

DEFAULT_PARTITIONS: Final = 12

_DAY_MS: Final = 86_400_000
_DELETE_14_DAYS: Final = {"cleanup.policy": "delete", "retention.ms": str(14 * _DAY_MS)}
_DELETE_30_DAYS: Final = {"cleanup.policy": "delete", "retention.ms": str(30 * _DAY_MS)}
_COMPACT: Final = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"}
_EVERY_TOPIC: Final = {"message.timestamp.type": "CreateTime"}


@dataclass(frozen=True)
class Topic:
    """One topic of the contract. All topics have the same number of partitions."""

    name: str
    meaning: str
    owner: str
    """Who answers for what is written here."""
    key: str
    """What the Kafka key is, in UTF-8."""
    partitioning: str
    """How the partition follows; murmur2 as in Kafka's Java client, `(hash & 0x7fffffff) % partitions`."""
    config: Mapping[str, str]
    """Topic configuration of Kafka."""
    types: Mapping[str, type[Contract]]
    """Event type to the model of its `data`, of the newest version; earlier ones hang on it, see versions.py."""
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    is_input: bool

    @property
    def compatibility(self) -> Compatibility:
        """Which changes of its events are allowed, given that the worker is always deployed first.

        BACKWARD_TRANSITIVE: what is written by any earlier version is read by the new worker. FORWARD_TRANSITIVE: what
        the new worker writes is read by consumers of any earlier version. FULL_TRANSITIVE: both, as workers of two
        versions run beside each other and read what the other writes.
        """
        if WORKER not in self.consumers:
            return "FORWARD_TRANSITIVE"
        return "FULL_TRANSITIVE" if WORKER in self.producers else "BACKWARD_TRANSITIVE"


TOPICS: Final = (
    Topic(
        name=DISBURSEMENTS,
        meaning="Loans paid out, and disbursements cancelled",
        owner="core banking",
        key="loan_id",
        partitioning="murmur2(key)",
        config=_EVERY_TOPIC | _DELETE_14_DAYS,
        types={"loan.disbursed": LoanDisbursed, "loan.disbursement_cancelled": LoanDisbursementCancelled},
        producers=("core banking",),
        consumers=("overdue worker",),
        is_input=True,
    ),
    Topic(
        name=SERVICING,
        meaning="What changes a loan beside its payments: schedules, charges, pauses, turns in its life, flags",
        owner="core banking",
        key="loan_id",
        partitioning="murmur2(key)",
        config=_EVERY_TOPIC | _DELETE_14_DAYS,
        types={
            "loan.schedule_revised": LoanScheduleRevised,
            "loan.charge_posted": LoanChargePosted,
            "loan.charge_waived": LoanChargeWaived,
            "loan.delinquency_paused": LoanDelinquencyPaused,
            "loan.delinquency_resumed": LoanDelinquencyResumed,
            "loan.charged_off": LoanChargedOff,
            "loan.written_off": LoanWrittenOff,
            "loan.closed": LoanClosed,
            "loan.transferred": LoanTransferred,
            "loan.misuse_found": LoanMisuseFound,
            "loan.technical_overdue_flagged": LoanTechnicalOverdueFlagged,
            "loan.credit_indication_set": LoanCreditIndicationSet,
            "loan.credit_indication_ended": LoanCreditIndicationEnded,
            "loan.impairment_assessed": LoanImpairmentAssessed,
        },
        producers=("core banking", "servicing"),
        consumers=("overdue worker",),
        is_input=True,
    ),
    Topic(
        name=REPAYMENTS,
        meaning="Payments, reversals of payments, and chargebacks",
        owner="payments",
        key="loan_id",
        partitioning="murmur2(key)",
        config=_EVERY_TOPIC | _DELETE_14_DAYS,
        types={
            "loan.repaid": LoanRepaid,
            "loan.repayment_reversed": LoanRepaymentReversed,
            "loan.charged_back": LoanChargedBack,
        },
        producers=("core banking", "payment gateway"),
        consumers=("overdue worker",),
        is_input=True,
    ),
    Topic(
        name=BUSINESS_DAYS,
        meaning="Business days that begin; the only thing that ages loans",
        owner="core banking, or the overdue worker where its clock is the wall's",
        key="business_date, ISO",
        partitioning="explicit: one record per partition and day",
        config=_EVERY_TOPIC | _DELETE_14_DAYS,
        types={"business_day.opened": BusinessDayOpened},
        producers=("core banking", "overdue worker"),
        consumers=("overdue worker",),
        is_input=True,
    ),
    Topic(
        name=OVERDUE,
        meaning="Alerts: a loan went overdue, changed its bucket or class, was cured; notices; corrections; held days",
        owner="overdue worker",
        key="loan_id; of feed.held and feed.released: `partition-<number>`",
        partitioning="the partition of the loan's events, murmur2(loan_id)",
        config=_EVERY_TOPIC | _DELETE_30_DAYS,
        types={
            "loan.due_soon": LoanDueSoon,
            "loan.overdue_noticed": LoanOverdueNoticed,
            "loan.overdue_started": LoanOverdueStarted,
            "loan.bucket_changed": LoanBucketChanged,
            "loan.classification_changed": LoanClassificationChanged,
            "loan.classification_corrected": LoanClassificationCorrected,
            "loan.cured": LoanCured,
            "loan.pause_changed": LoanPauseChanged,
            "loan.recovery_received": LoanRecoveryReceived,
            "loan.alert_corrected": LoanAlertCorrected,
            "feed.held": FeedHeld,
            "feed.released": FeedReleased,
        },
        producers=("overdue worker",),
        consumers=("collections", "limit control", "customer relations", "provisioning", "bureau reporting"),
        is_input=False,
    ),
    Topic(
        name=STANDING,
        meaning="The current standing of every loan, and marks of the days that all loans were judged on",
        owner="overdue worker",
        key="loan_id",
        partitioning="murmur2(borrower_id): a borrower's loans lie on one partition",
        config=_EVERY_TOPIC | _COMPACT,
        types={"loan.standing": LoanStanding, "business_day.judged": BusinessDayJudged},
        producers=("overdue worker",),
        consumers=("overdue worker", "provisioning", "reporting"),
        is_input=False,
    ),
    Topic(
        name=BORROWER_SIGNALS,
        meaning="What other systems observe of a borrower: balances, debits, bureau, income, courts",
        owner="the systems that observe",
        key="borrower_id",
        partitioning="murmur2(key)",
        config=_EVERY_TOPIC | _DELETE_14_DAYS,
        types=SIGNALS,
        producers=("accounts", "bureau gateway", "servicing"),
        consumers=("overdue worker",),
        is_input=True,
    ),
    Topic(
        name=EARLY_WARNINGS,
        meaning="Who is about to go overdue: warnings raised, escalated and cleared",
        owner="overdue worker",
        key="borrower_id",
        partitioning="murmur2(key)",
        config=_EVERY_TOPIC | _DELETE_30_DAYS,
        types={
            "early_warning.raised": EarlyWarningRaised,
            "early_warning.escalated": EarlyWarningEscalated,
            "early_warning.cleared": EarlyWarningCleared,
        },
        producers=("overdue worker",),
        consumers=("collections", "limit control", "customer relations", "risk"),
        is_input=False,
    ),
    Topic(
        name=DEAD_LETTERS,
        meaning="Input that was refused, with the reason",
        owner="overdue worker",
        key="the refused record's key",
        partitioning="explicit: the refused record's partition",
        config=_EVERY_TOPIC | _DELETE_30_DAYS,
        types={"message.rejected": MessageRejected},
        producers=("overdue worker",),
        consumers=("operations", "the teams that publish"),
        is_input=False,
    ),
)

TOPIC_OF_NAME: Final[Mapping[str, Topic]] = {topic.name: topic for topic in TOPICS}
TOPIC_OF_TYPE: Final[Mapping[str, Topic]] = {kind: topic for topic in TOPICS for kind in topic.types}
MODEL_OF_TYPE: Final[Mapping[str, type[Contract]]] = {
    kind: model for topic in TOPICS for kind, model in topic.types.items()
}
