"""Classes that were never true are corrected, as buckets are; one that was true at some moment of its day stands."""

from __future__ import annotations

from stream.engine.dates import iso
from stream.engine.findings import ALERT_CORRECTED, CLASSIFICATION_CHANGED, CLASSIFICATION_CORRECTED, Alert
from tests.engine.policies import rules_of, shipped
from tests.engine.story import Story, installment, months_after

CN = shipped("cn.toml")
FIVE = rules_of('schemas = ["cn_five_class_2023"]'.replace("schemas", "schemes"))


def loan(rules: object = FIVE, on: str = "2024-01-15") -> Story:
    """Twelve installments of 100.00 from 2024-02-15 on."""
    return Story([installment(n, months_after(on, n), 100_00) for n in range(1, 13)], rules=rules, on=on)  # type: ignore[arg-type]


def of_classes(alerts: list[Alert] | None) -> list[tuple[str, str, tuple[str, str, str] | None]]:
    """Kind, day, and (scheme, class, class before) of the alerts about classes."""
    return [(alert.kind, iso(alert.as_of), alert.classification) for alert in alerts or [] if alert.classification]


def changed(story: Story, kind: str = CLASSIFICATION_CHANGED) -> list[Alert]:
    return [alert for alert in story.alerts if alert.kind == kind and alert.classification]


def test_a_payment_that_comes_late_corrects_the_class_that_was_never_true() -> None:
    """Due 02-15, special mention on 02-16; on 02-18 a payment valued 02-15 comes: it was normal, and is."""
    story = loan()
    story.open("2024-02-18")
    (wrong,) = changed(story)
    assert (wrong.classification, iso(wrong.as_of)) == (
        ("cn_five_class_2023", "special_mention", "normal"),
        "2024-02-16",
    )
    told = story.pay(100_00, valued="2024-02-15")
    assert of_classes(told) == [
        (CLASSIFICATION_CORRECTED, "2024-02-16", ("cn_five_class_2023", "normal", "special_mention")),
        (CLASSIFICATION_CHANGED, "2024-02-18", ("cn_five_class_2023", "normal", "special_mention")),
    ]
    correction = next(alert for alert in told or [] if alert.kind == CLASSIFICATION_CORRECTED)
    assert correction.supersedes == wrong.id
    assert (correction.days_past_due, correction.bucket, correction.previous_bucket) == (0, None, None)
    assert [tuple(reason) for reason in correction.reasons] == [("class_as_now_known", "normal", "special_mention")]
    assert correction.episode == wrong.episode


def test_the_bucket_is_corrected_before_the_classes_in_the_order_of_the_schemes() -> None:
    """cn.toml: one payment corrects the bucket M1, special mention and the bureau's 1; the ids are all different."""
    story = loan(CN)
    story.open("2024-02-18")
    told = story.pay(100_00, valued="2024-02-15") or []
    corrections = [alert for alert in told if alert.kind in (ALERT_CORRECTED, CLASSIFICATION_CORRECTED)]
    assert [alert.classification and alert.classification[0] for alert in corrections] == [
        None,
        "cn_five_class_2023",
        "pboc_bureau",
    ]
    assert len({alert.id for alert in told}) == len(told)


def test_a_class_that_was_true_at_the_opening_of_its_day_stands() -> None:
    """Special mention at the opening of 02-16, paid with value date 02-16: it was late by a day, nothing to correct."""
    story = loan()
    story.open("2024-02-18")
    told = story.pay(100_00, valued="2024-02-16")
    assert of_classes(told) == [
        (CLASSIFICATION_CHANGED, "2024-02-18", ("cn_five_class_2023", "normal", "special_mention"))
    ]


def test_a_reversal_corrects_the_return_to_normal() -> None:
    """Normal on 02-20 by a payment that never was: on 02-20 it was special mention all the same."""
    story = loan()
    story.open("2024-02-20")
    story.pay(100_00, payment="P1")
    story.open("2024-02-25")
    told = story.reverse("P1")
    # at the opening of 02-20 the loan was special mention, and after the payment that is as never made it still was
    assert of_classes(told) == [
        (CLASSIFICATION_CORRECTED, "2024-02-20", ("cn_five_class_2023", "special_mention", "normal")),
        (CLASSIFICATION_CHANGED, "2024-02-25", ("cn_five_class_2023", "special_mention", "normal")),
    ]


def test_a_correction_is_corrected_in_its_turn() -> None:
    """The late payment is reversed: on 02-16 it was special mention after all, which supersedes the correction."""
    story = loan()
    story.open("2024-02-18")
    story.pay(100_00, valued="2024-02-15", payment="P1")
    (first,) = changed(story, CLASSIFICATION_CORRECTED)
    story.open("2024-02-20")
    told = story.reverse("P1") or []
    again = [alert for alert in told if alert.kind == CLASSIFICATION_CORRECTED]
    assert [(iso(alert.as_of), alert.classification, alert.supersedes) for alert in again] == [
        ("2024-02-16", ("cn_five_class_2023", "special_mention", "normal"), first.id),
        ("2024-02-18", ("cn_five_class_2023", "special_mention", "normal"), again[1].supersedes),
    ]
    last = story.pay(100_00, valued="2024-02-15", payment="P2") or []
    replaced = [alert.supersedes for alert in last if alert.kind == CLASSIFICATION_CORRECTED]
    of_today = next(alert.id for alert in told if alert.kind == CLASSIFICATION_CHANGED)
    assert replaced == [*[one.id for one in again], of_today]  # none that was superseded before


def test_a_cancelled_loan_was_never_in_another_class() -> None:
    """Undone from the beginning: each statement of special mention is corrected to normal."""
    story = loan()
    story.open("2024-02-18")
    told = story.cancel()
    assert of_classes(told)[0] == (
        CLASSIFICATION_CORRECTED,
        "2024-02-16",
        ("cn_five_class_2023", "normal", "special_mention"),
    )


def test_an_extension_that_arrives_late_corrects_classes() -> None:
    """W16 with classes: due 06-01, special mention on 06-02; extended to 09-01 effective 05-25: it was normal."""
    story = Story([installment(1, "2024-06-01", 1_000_00)], rules=FIVE, on="2024-01-15")
    story.open("2024-06-10")
    told = story.revise([installment(1, "2024-09-01", 1_000_00)], effective="2024-05-25", reason="extension")
    assert of_classes(told) == [
        (CLASSIFICATION_CORRECTED, "2024-06-02", ("cn_five_class_2023", "normal", "special_mention")),
        (CLASSIFICATION_CHANGED, "2024-06-10", ("cn_five_class_2023", "normal", "special_mention")),
    ]


def test_an_end_counts_from_its_day_and_not_before() -> None:
    """Written off on 06-01: the 4 that the bureau was told of 05-16 (91 days past due) was true then, and stands."""
    story = loan(rules_of('schemes = ["pboc_bureau"]'))
    story.open("2024-06-01")
    told = story.set_status("written_off")
    assert of_classes(told) == [(CLASSIFICATION_CHANGED, "2024-06-01", ("pboc_bureau", "B", "4"))]
    story.open("2024-06-05")
    assert [alert for alert in story.pay(5_00, valued="2024-05-10") or [] if alert.classification] == []


def test_a_backdated_write_off_corrects_what_was_said_since() -> None:
    """Written off as of 05-10, told on 06-01: the bureau's 4 of 05-16 is B."""
    story = loan(rules_of('schemes = ["pboc_bureau"]'))
    story.open("2024-06-01")
    told = story.set_status("written_off", effective="2024-05-10")
    assert of_classes(told)[0] == (CLASSIFICATION_CORRECTED, "2024-05-16", ("pboc_bureau", "B", "4"))


def test_a_backdated_indication_corrects_nothing_that_was_said_before_it() -> None:
    """Special mention of 02-16 stands when an indication as of 03-01 is told on 03-10."""
    story = loan()
    story.open("2024-03-10")
    told = story.flag("indication_set:liquidation", effective="2024-03-01")
    assert of_classes(told) == [
        (CLASSIFICATION_CHANGED, "2024-03-10", ("cn_five_class_2023", "loss", "special_mention"))
    ]


def test_a_loan_that_is_never_late_keeps_no_line_of_classes() -> None:
    """The journal of a loan with nothing but payments in time has no statement of a class: it pays nothing for them."""
    story = loan(CN)
    for n in range(1, 6):
        story.open(months_after("2024-01-15", n))
        story.pay(100_00)
    assert {line[:1] for line in story.loan.journal.decode().splitlines()} == {"D", "S", "p"}


def test_notices_are_not_corrected() -> None:
    """A notice asks to act on its day; a payment that comes late corrects the bucket, and the notice stays."""
    story = loan(rules_of("schemes = []", "notices = { due_soon_days = [1], overdue_days = [1] }"))
    story.open("2024-02-18")
    noticed = {alert.id for alert in story.alerts if alert.installment is not None}
    assert len(noticed) == 2
    told = story.pay(100_00, valued="2024-02-10") or []
    corrected = {alert.supersedes for alert in told if alert.supersedes}
    assert corrected
    assert not corrected & noticed


def test_a_class_that_changed_without_a_bucket_is_checked_too() -> None:
    """One bucket for all days; substandard on 05-16; February's installment was paid on 04-20: 62 days, no 91."""
    buckets = 'buckets = [{ code = "LATE", min_days = 1 }]'
    story = loan(rules_of('schemes = ["cn_five_class_2023"]', buckets))
    story.open("2024-05-20")
    told = story.pay(100_00, valued="2024-04-20")
    assert of_classes(told)[0] == (
        CLASSIFICATION_CORRECTED,
        "2024-05-16",
        ("cn_five_class_2023", "special_mention", "substandard"),
    )
