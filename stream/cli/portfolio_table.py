"""The loan book as tables of 80 columns or so, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stream.engine.dates import iso
from stream.engine.portfolio import Share
from stream.portfolio import Cohort, Group, Month, Report

MONTHS_SHOWN = 12


def table(report: Report, late_days: int) -> Iterator[str]:
    """The lines, group by group."""
    groups = sorted({month.group for month in report.months if month.loans} | {one.group for one in report.cohorts})
    for index, group in enumerate(groups):
        if index:
            yield ""
        yield " ".join(group)
        yield from _book([month for month in report.months if month.group == group])
        yield ""
        yield from _moves([month for month in report.months if month.group == group])
        yield ""
        yield from _vintages(group, [one for one in report.cohorts if one.group == group], late_days)
    if not groups:
        yield "no loans in the book on those days"


def _book(months: list[Month]) -> Iterator[str]:
    yield f"{'':12}{'loans':>8}{'principal':>18}{'overdue':>9}{'PAR30':>8}{'PAR60':>8}{'PAR90':>8}{'NPL':>8}"
    for month in months:
        shares = [month.overdue, *month.at_risk.values(), month.non_performing]
        ratios = "".join(f"{percent(share):>8}" for share in shares[1:])
        principal = f"{month.principal // 100:,}.{month.principal % 100:02}"
        yield f"{iso(month.day):12}{month.loans:>8}{principal:>18}{percent(shares[0]):>9}{ratios}"


def _moves(months: list[Month]) -> Iterator[str]:
    steps = [step for month in months for step, share in month.rolls.items() if share.whole]
    steps = [step for step in (months[-1].rolls if months else {}) if step in steps]
    cured = list(dict.fromkeys(bucket for month in months for bucket in month.cures))
    if steps:
        yield f"{'roll':12}" + "".join(f"{left or 'current'}>{reached}".rjust(11) for left, reached in steps)
    for month in months if steps else ():
        yield f"{iso(month.day):12}" + "".join(f"{percent(month.rolls[step]):>11}" for step in steps)
    if cured:
        yield f"{'cure':12}" + "".join(f"{bucket:>11}" for bucket in cured)
    for month in months if cured else ():
        yield f"{iso(month.day):12}" + "".join(f"{percent(month.cures.get(bucket)):>11}" for bucket in cured)


def _vintages(group: Group, cohorts: list[Cohort], late_days: int) -> Iterator[str]:
    on_book = sorted({months for one in cohorts for months in one.late})[:MONTHS_SHOWN]
    yield f"{'vintage':9}{'disbursed':>16}" + "".join(f"{f'{late_days}+ MOB{n}':>10}" for n in on_book)
    for one in cohorts:
        ratios = "".join(f"{percent(one.late.get(n)):>10}" for n in on_book)
        yield f"{one.cohort:9}{f'{one.disbursed // 100:,}.{one.disbursed % 100:02}':>16}{ratios}"
    days = sorted({days for one in cohorts for days in one.first_payment})
    if days:
        yield f"{'vintage':9}{'':16}" + "".join(f"{f'FPD{n}':>16}" for n in days)
    for one in cohorts if days else ():
        yield f"{one.cohort:9}{'':16}" + "".join(f"{counted(one.first_payment.get(n)):>16}" for n in days)


def percent(share: Share | None) -> str:
    """A share in percent with two decimals, as lenders quote it; `-` where there is no whole."""
    ratio = None if share is None else share.ratio
    return "-" if ratio is None else f"{ratio:.2%}"


def counted(share: Share | None) -> str:
    """A share of loans, with the numbers of loans."""
    return "-" if share is None or not share.whole else f"{percent(share)} {share.part}/{share.whole}"


def as_json(report: Report, divided_by: Sequence[str]) -> Iterator[dict[str, object]]:
    """The report as plain data, a month or a cohort each; money in minor units, shares as [part, whole]."""
    for month in report.months:
        yield {
            "kind": "month",
            **_named(month.group, divided_by),
            "as_of": iso(month.day),
            "loans": month.loans,
            "principal": month.principal,
            "overdue": month.overdue,
            "par": {str(days): share for days, share in month.at_risk.items()},
            "npl": month.non_performing,
            "buckets": {bucket or "current": principal for bucket, principal in month.buckets.items()},
            "rolls": {f"{left or 'current'}->{reached}": share for (left, reached), share in month.rolls.items()},
            "cures": month.cures,
        }
    for cohort in report.cohorts:
        yield {
            "kind": "cohort",
            **_named(cohort.group, divided_by),
            "cohort": cohort.cohort,
            "disbursed": cohort.disbursed,
            "late_by_months_on_book": {str(months): share for months, share in sorted(cohort.late.items())},
            "first_payment_default": {str(days): share for days, share in cohort.first_payment.items()},
        }


def _named(group: Group, divided_by: Sequence[str]) -> dict[str, str]:
    return dict(zip(("currency", *divided_by), group, strict=True))
