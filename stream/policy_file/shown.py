"""A product's rules as a risk officer reads them: every key with what it comes to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from stream.engine.money import COMPONENT_OF_NAME
from stream.engine.policy import NEVER, Policy, ReAging
from stream.engine.schemes import Scheme

_NAME_OF_COMPONENT: Final = {place: name for name, place in COMPONENT_OF_NAME.items()}


def shown(policy: Policy, product: str) -> dict[str, Any]:
    """The keys of the policy file with their values in force for a product, ready for JSON."""
    rules = policy.rules(product)
    return {
        "version": policy.version,
        "time_zone": policy.time_zone,
        "grace_days": rules.grace_days,
        "cut_off": f"{rules.cut_off // 3600:02}:{rules.cut_off % 3600 // 60:02}",
        "count_from": rules.count_from,
        "materiality.amount": rules.material_amount,
        "materiality.percent": _percent(rules.material_numerator, rules.material_denominator),
        "day_count": "from_due_date" if rules.counts_due_date else "after_due_date",
        "due_date_roll": "none" if rules.calendar is None else "following",
        "calendar": None if rules.calendar is None else rules.calendar.name,
        "tolerance.amount": rules.tolerance_amount,
        "tolerance.percent": _percent(rules.tolerance_numerator, rules.tolerance_denominator),
        "allocation.axis": "vertical" if rules.vertical else "horizontal",
        "allocation.order": ", ".join(_NAME_OF_COMPONENT[place] for place in rules.order),
        "principal_first_after_days": None if rules.late_after == NEVER else rules.late_after,
        "advance_to_last_installment": ", ".join(sorted(rules.advance_last)) or None,
        "next_due": rules.next_due,
        "notices.due_soon_days": list(rules.due_soon_days),
        "notices.overdue_days": list(rules.overdue_notice_days),
        "installment_level": rules.installment_level,
        "re_aging": None if rules.re_aging is None else _re_aging(rules.re_aging),
        "replay_horizon_days": rules.replay_horizon_days,
        "buckets": [f"{bucket.code:12}{_range(bucket.min_days, bucket.max_days)}" for bucket in rules.buckets],
        **{f"scheme {scheme.name}": _steps(scheme) for scheme in rules.schemes},
    }


def _steps(scheme: Scheme) -> list[str]:
    lines = [f"{scheme.codes[0]:18}otherwise"]
    for table in scheme.tables:
        for part in table.ranges:
            extra = f", if {part.worth_days} days' worth is unpaid" if part.worth_days else ""
            extra += ", by the end of the month" if part.by_month_end else ""
            lines.append(f"{scheme.codes[part.level]:18}{_range(part.least, part.most)} {table.counter}{extra}")
    for floor in scheme.floors:
        loss = f" {floor.least_loss // 100} %" if floor.least_loss else ""
        lines.append(f"{scheme.codes[floor.level]:18}at least, {floor.when}{loss}")
    if scheme.technical_days:
        lines.append(f"{scheme.codes[0]:18}up to {scheme.technical_days} days of technical arrears")
    if scheme.cure is not None:
        cure = scheme.cure
        periods = " and 2 periods" if cure.two_periods else ""
        lines.append(f"{scheme.codes[cure.level]:18}until {cure.months} months{periods} paid up")
        if cure.segments:
            lines.append(f"{'':18}({', '.join(sorted(cure.segments))} only)")
    return lines + [f"{code:18}{status}" for status, code in scheme.statuses]


def _re_aging(limits: ReAging) -> list[str]:
    return [
        f"after {limits.months_on_books} months on the books, {limits.payments} consecutive payments",
        f"once in {limits.once_in_months} months, twice in {limits.twice_in_months}",
    ]


def _range(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} and more"
    return str(least) if least == most else f"{least} to {most}"


def _percent(numerator: int, denominator: int) -> str:
    return f"{(Decimal(numerator) * 100 / Decimal(denominator)).normalize():f}"
