"""From the checked keys of a product to the engine's rules."""

from __future__ import annotations

from decimal import Decimal

from stream.engine.calendars import Calendar
from stream.engine.money import COMPONENT_OF_NAME
from stream.engine.policy import Bucket, ReAging, Rules
from stream.engine.schemes import Scheme
from stream.policy_file.calendars import country_calendar
from stream.policy_file.errors import Path, Problem, nearest
from stream.policy_file.parts import Product, ReAgingPart


def exact(text: str) -> tuple[int, int]:
    """A decimal number as numerator and denominator."""
    return Decimal(text).as_integer_ratio()


def rules(
    version: str,
    product: Product,
    schemes: dict[str, Scheme],
    calendars: dict[str, Calendar],
    path: Path,
    problems: list[Problem],
) -> Rules:
    """The rules of a product; a scheme or calendar that is not known is added to `problems`."""
    hours, minutes = product.cut_off.split(":")
    return Rules(
        version,
        tuple(Bucket(bucket.code, bucket.min_days, bucket.max_days) for bucket in product.buckets),
        grace_days=product.grace_days,
        tolerance_amount=product.tolerance.amount,
        tolerance_percent=_percent(product.tolerance.percent),
        order=tuple(COMPONENT_OF_NAME[component] for component in product.allocation.order),
        principal_first_after_days=product.allocation.principal_first_after_days,
        vertical=product.allocation.axis == "vertical",
        advance_last=_advance_last(product),
        next_due=product.next_due,
        replay_horizon_days=product.replay_horizon_days,
        due_soon_days=tuple(product.notices.due_soon_days),
        overdue_notice_days=tuple(product.notices.overdue_days),
        installment_level=product.installment_level,
        cut_off=int(hours) * 3600 + int(minutes) * 60,
        calendar=_calendar(product, calendars, path, problems),
        counts_due_date=product.day_count == "from_due_date",
        count_from=product.count_from,
        material_amount=product.materiality.amount,
        material_percent=_percent(product.materiality.percent),
        schemes=_named(product, schemes, path, problems),
        re_aging=None if product.re_aging is None else _re_aging(product.re_aging),
    )


def _re_aging(part: ReAgingPart) -> ReAging:
    return ReAging(part.months_on_books, part.consecutive_payments, part.once_in_months, part.twice_in_months)


def _percent(text: str) -> tuple[int, int]:
    return (Decimal(text) / 100).as_integer_ratio()


def _advance_last(product: Product) -> frozenset[str]:
    """The kinds of payment whose money in advance goes to the last installment."""
    advance = product.advance_payment
    kinds = {
        "repayment": advance.repayment,
        "down_payment": advance.down_payment,
        "goodwill_credit": advance.goodwill_credit,
        "refund": advance.refund,
    }
    return frozenset(kind for kind, place in kinds.items() if (place or advance.default) == "last_installment")


def _calendar(product: Product, calendars: dict[str, Calendar], path: Path, problems: list[Problem]) -> Calendar | None:
    if product.due_date_roll == "none":
        return None
    if product.calendar in calendars:
        return calendars[product.calendar]
    try:
        return country_calendar(product.calendar)
    except ValueError as error:
        problems.append(Problem((*path, "calendar"), str(error)))
        return None


def _named(product: Product, schemes: dict[str, Scheme], path: Path, problems: list[Problem]) -> tuple[Scheme, ...]:
    found = []
    for index, name in enumerate(product.schemes):
        if name in schemes:
            found.append(schemes[name])
        else:
            problems.append(Problem((*path, "schemes", index), f"no scheme {name}{nearest(name, schemes)}"))
    return tuple(found)
