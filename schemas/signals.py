"""Topic `borrowers.signals`: what other systems observe of a borrower, for the early warning.

A later observation of one day about the same thing replaces the earlier one. Amounts are minor units of the currency of
the borrower's loans.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.types import Contract, Id, InstallmentNumber, IsoDate, Money

Count = Annotated[int, Field(ge=0, le=10_000)]
Band = Annotated[int, Field(ge=0, le=1_000)]
BureauStatus = Annotated[int, Field(ge=0, le=7)]


class BorrowerSignal(Contract):
    """One observation about one borrower on one day."""

    borrower_id: Id = Field(description="The borrower; also the Kafka key.")
    observation_date: IsoDate = Field(description="Day that the figures are of; a month's are dated in that month.")


class BorrowerBalanceReported(BorrowerSignal):
    """What lies on the account that installments are debited from."""

    balance: Annotated[int, Field(ge=-(10**15), le=10**15)] = Field(
        description="Balance at the end of the day, minor units; below 0: overdrawn."
    )


class BorrowerDebitFailed(BorrowerSignal):
    """A direct debit for an installment was refused."""

    debit_id: Id = Field(description="Which attempt.")
    loan_id: Id = Field(description="The loan that was to be paid.")
    installment: InstallmentNumber = Field(description="Number of the installment.")


class BorrowerMandateChanged(BorrowerSignal):
    """The mandate for direct debits was given or removed."""

    active: bool = Field(description="False: removed.")


class BorrowerCardUsageReported(BorrowerSignal):
    """A card's monthly statement."""

    card_id: Id = Field(description="Which card.")
    limit: Money = Field(description="Credit limit, minor units.")
    balance: Money = Field(description="Used of it at the statement's date, minor units.")
    minimum_due: Money = Field(default=0, description="Minimum that was due, minor units.")
    paid: Money = Field(default=0, description="Paid by its due date, minor units.")


class BorrowerBureauReported(BorrowerSignal):
    """What the credit bureau says; a field that is left out counts as 0."""

    queries_3m: Count = Field(default=0, description="Queries for loan applications in three months.")
    open_lenders: Count = Field(default=0, description="Lenders with an open loan.")
    applications_7d: Count = Field(default=0, description="Applications in seven days.")
    worst_status: BureauStatus = Field(
        default=0, description="Worst overdue status now at other lenders: 0 none, 1 up to 30 days, to 7 over 180."
    )
    overdue_months_in_row: Count = Field(default=0, description="Most months overdue in a row, 24 months.")
    overdue_months: Count = Field(default=0, description="Months overdue in all, 24 months.")
    debt: Money = Field(default=0, description="Debt at all banks, minor units.")
    debt_over_90_days: Money = Field(default=0, description="Of it more than 90 days past due, minor units.")
    bad_debt: bool = Field(default=False, description="True: a debt elsewhere was given up.")


class BorrowerScoreChanged(BorrowerSignal):
    """A bureau's or lender's score moved to another band."""

    band: Band = Field(description="Number of the band; the higher the better.")


class BorrowerSpendingReported(BorrowerSignal):
    """A month of an account's spending."""

    amount: Money = Field(description="Spent in the month, minor units.")
    cash_advance: Money = Field(default=0, description="Of it cash advances, minor units.")
    gambling: Money = Field(default=0, description="Of it gambling, minor units.")
    empty_before_payday: bool = Field(
        default=False, description="True: nothing was left on the account before the pay came."
    )


class BorrowerIncomeReported(BorrowerSignal):
    """A month's pay."""

    amount: Money = Field(description="Pay received in the month, minor units.")


class BorrowerEmploymentChanged(BorrowerSignal):
    """The borrower's employment changed."""

    status: Literal["employed", "self_employed", "unemployed", "retired"] = Field(description="What it is now.")


class BorrowerTurnoverReported(BorrowerSignal):
    """A business's receipts of a month."""

    amount: Money = Field(description="Receipts settled in the month, minor units.")


class BorrowerTaxReported(BorrowerSignal):
    """A business's taxed or invoiced sales of a month."""

    amount: Money = Field(description="Sales in the month, minor units.")
    last_invoice_date: IsoDate | None = Field(default=None, description="Day of the last invoice written.")


class BorrowerLegalCaseFound(BorrowerSignal):
    """The borrower is in court, or under enforcement."""

    case_id: Id = Field(description="Which case.")
    kind: Literal["defendant", "enforcement", "dishonest", "bankruptcy"] = Field(
        description="Sued; subject to enforcement; on the list of dishonest debtors; bankrupt."
    )
    amount: Money = Field(default=0, description="Amount in dispute, minor units.")


class BorrowerLegalCaseClosed(BorrowerSignal):
    """A case is over."""

    case_id: Id = Field(description="Which case.")


class BorrowerDepositsReported(BorrowerSignal):
    """All deposits of the borrower with the lender."""

    amount: Money = Field(description="Deposits at the end of the day, minor units.")


class BorrowerMisuseFound(BorrowerSignal):
    """Loan money went where it must not go."""

    kind: Literal["banned_use", "refinance_to_repay"] = Field(description="What was found.")


class BorrowerMisuseCleared(BorrowerSignal):
    """Earlier findings of misuse are settled, or were wrong."""


class BorrowerReliefRequested(BorrowerSignal):
    """The borrower asked for relief."""


class BorrowerReliefGranted(BorrowerSignal):
    """The borrower was granted relief."""

    kind: Literal["extension", "rate_cut", "payment_holiday", "restructuring", "other"] = Field(
        description="What was granted."
    )


class BorrowerGuarantorReported(BorrowerSignal):
    """How a guarantor or legal representative of the borrower stands."""

    guarantor_id: Id = Field(description="Who guarantees.")
    status: Literal["current", "overdue", "defaulted"] = Field(description="How the guarantor's own debts stand.")


class BorrowerImpairmentReported(BorrowerSignal):
    """What of the borrower's debts is expected to be lost."""

    exposure: Money = Field(description="Book value of the debts, minor units.")
    expected_loss: Money = Field(description="Expected credit loss, minor units.")
    liquidation: bool = Field(default=False, description="True: the borrower is being liquidated.")


SIGNALS: dict[str, type[BorrowerSignal]] = {
    "borrower.balance_reported": BorrowerBalanceReported,
    "borrower.debit_failed": BorrowerDebitFailed,
    "borrower.mandate_changed": BorrowerMandateChanged,
    "borrower.card_usage_reported": BorrowerCardUsageReported,
    "borrower.bureau_reported": BorrowerBureauReported,
    "borrower.score_changed": BorrowerScoreChanged,
    "borrower.spending_reported": BorrowerSpendingReported,
    "borrower.income_reported": BorrowerIncomeReported,
    "borrower.employment_changed": BorrowerEmploymentChanged,
    "borrower.turnover_reported": BorrowerTurnoverReported,
    "borrower.tax_reported": BorrowerTaxReported,
    "borrower.legal_case_found": BorrowerLegalCaseFound,
    "borrower.legal_case_closed": BorrowerLegalCaseClosed,
    "borrower.deposits_reported": BorrowerDepositsReported,
    "borrower.misuse_found": BorrowerMisuseFound,
    "borrower.misuse_cleared": BorrowerMisuseCleared,
    "borrower.relief_requested": BorrowerReliefRequested,
    "borrower.relief_granted": BorrowerReliefGranted,
    "borrower.guarantor_reported": BorrowerGuarantorReported,
    "borrower.impairment_reported": BorrowerImpairmentReported,
}
"""Event type to the model of its `data`."""
