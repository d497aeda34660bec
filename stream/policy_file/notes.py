"""What is allowed in a policy and may surprise."""

from __future__ import annotations

from itertools import pairwise

from stream.engine.dates import iso
from stream.engine.policy import FIRST_MATERIAL, OLDEST_UNPAID, Policy, Rules


def notes(policy: Policy) -> list[str]:
    """One sentence each, for every product; the default's are not repeated where a product inherits them."""
    found = [*_of_rules("default", policy.default)]
    of_default = {remark.partition(": ")[2] for remark in found}
    for product, rules in policy.products.items():
        found += [remark for remark in _of_rules(product, rules) if remark.partition(": ")[2] not in of_default]
    if policy.feed is None:
        found.append("feed: days open even where repayments are missing; a broken feed makes paying borrowers overdue")
    return found


def _of_rules(product: str, rules: Rules) -> list[str]:
    found = []
    buckets = rules.buckets
    if not buckets:
        found.append("no buckets: overdue_started and cured are said, with bucket null")
    elif buckets[0].min_days > 1:
        found.append(f"delinquent days 1 to {buckets[0].min_days - 1} have no bucket")
    for lower, upper in pairwise(buckets):
        if lower.max_days is not None and lower.max_days + 1 < upper.min_days:
            found.append(f"delinquent days {lower.max_days + 1} to {upper.min_days - 1} keep the bucket before")
    if buckets and buckets[-1].max_days is not None:
        found.append(f"from {buckets[-1].max_days + 1} delinquent days on a loan keeps the bucket before")
    longest = max(
        (part.least for scheme in rules.schemes for table in scheme.tables for part in table.ranges), default=0
    )
    if rules.replay_horizon_days < longest:
        found.append(
            f"replay_horizon_days {rules.replay_horizon_days} is less than the {longest} days that its schemes look at"
        )
    if rules.calendar is not None and rules.calendar.workdays:
        found.append(
            f"calendar {rules.calendar.name}: make-up workdays are known up to {iso(max(rules.calendar.workdays))}; "
            "later ones come with a newer `holidays` package or under [calendars.<name>]"
        )
    names = [scheme.name for scheme in rules.schemes]
    if "crr_178" in names and rules.count_from != FIRST_MATERIAL:
        found.append('crr_178 counts material days only with count_from = "first_material"')
    if "rbi" in names and not rules.counts_due_date:
        found.append('rbi counts the due date itself only with day_count = "from_due_date"')
    if rules.count_from != OLDEST_UNPAID and rules.grace_days:
        found.append("grace days are taken off the count that begins with the first (material) arrears")
    return [f"{product}: {remark}" for remark in found]
