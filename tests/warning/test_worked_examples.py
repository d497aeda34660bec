"""The early warning's worked examples of the domain reference: W17, W18, W25, W26."""

from __future__ import annotations

from typing import Any

from tests.warning.person import Person, late, loan, sign

SME: dict[str, Any] = {"segment": "business"}


def found(*story: object) -> dict[str, str]:
    """Codes of the warnings that stand afterwards, with the class that each asks for or what was observed."""
    person = Person()
    person.live(*story, until=1)  # type: ignore[arg-type]
    standing = person.standing()
    return {one.code: one.minimum_class or str(one.reasons[0].observed) for one in person.said if one.code in standing}


def of_business(bad: int, good: int) -> dict[str, str]:
    """Two loans of a small business: principal of one that is 95 days past due, and of one that is paid."""
    return found(
        loan(outstanding_principal=good, **SME),
        late(5, 95, loan_id="L2", outstanding_principal=bad, classifications={}, **SME),
    )


def test_w17_more_than_a_tenth_non_performing_makes_all_non_performing() -> None:
    """W17: 60,000 of 560,000 is 10.71 %: all loans are to be substandard; 50,000 of 500,000 is exactly 10 %: not."""
    assert of_business(60_000, 500_000)["DEBTOR_NON_PERFORMING"] == "substandard"
    assert "DEBTOR_NON_PERFORMING" not in of_business(50_000, 450_000)


def test_w18_more_than_a_fifth_over_90_days_at_all_banks_is_substandard() -> None:
    """W18: 200,001 of 1,000,000 over 90 days past due at all banks: substandard; 200,000: not by this rule."""
    for over, expected in ((200_001, "substandard"), (200_000, None)):
        said = found(loan(**SME), sign("bureau_reported", 0, debt=1_000_000, debt_over_90_days=over))
        assert said.get("DEBT_OVERDUE_ELSEWHERE") == expected


def test_w25_days_late_that_rise_by_two_a_cycle_are_a_drift() -> None:
    """W25: -5, -3, -1, +1 days late: a slope of 2.0, so PAY_DRIFT."""
    assert found(loan(days_late=(-5, -3, -1, 1)))["PAY_DRIFT"] == "2.0"


def test_w26_a_card_used_up_all_at_once_is_a_jump() -> None:
    """W26: used 0.92 after 0.40, 0.45 and 0.50: 0.47 above their mean, so UTIL_JUMP."""
    used = zip((-90, -60, -30, 0), (400, 450, 500, 920), strict=True)
    cards = [sign("card_usage_reported", day, "C1", limit=1_000, balance=balance) for day, balance in used]
    assert found(*cards)["UTIL_JUMP"] == "92"
