"""Topics: what differs from the layout, and what of it is repaired."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas.catalogue import TOPICS
from stream.cli.layout import Difference, Topic, differences, wanted

LAYOUT = wanted("bank.", "overdue", 12, 3, keep_forever=False)


def found(change: Callable[[Topic], Topic] = lambda topic: topic) -> dict[str, Topic]:
    """Topics as the layout has them, with Kafka's other entries, one changed."""
    full = {topic.name: topic._replace(config={**topic.config, "segment.bytes": "1073741824"}) for topic in LAYOUT}
    return full | {LAYOUT[0].name: change(full[LAYOUT[0].name])}


def test_layout_is_the_catalogue_and_the_changelog() -> None:
    """The layout is each topic of the catalogue under the prefix, and the changelogs of the worker, compacted."""
    names = [topic.name for topic in LAYOUT]
    changelogs = ["overdue-loans-changelog", "overdue-borrowers-changelog"]
    assert names == [*(f"bank.{topic.name}" for topic in TOPICS), *changelogs]
    assert LAYOUT[-1].config["cleanup.policy"] == "compact"
    assert {topic.partitions for topic in LAYOUT} == {12}


def test_same_layout_has_no_difference() -> None:
    """Entries that the layout does not name are no difference."""
    assert differences(LAYOUT, found()) == []


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda topic: topic._replace(partitions=6), Difference("bank.loans.disbursements", "partitions", "6", "12")),
        (lambda topic: topic._replace(replication=1), Difference("bank.loans.disbursements", "replication", "1", "3")),
        (
            lambda topic: topic._replace(config={**topic.config, "retention.ms": "5"}),
            Difference("bank.loans.disbursements", "retention.ms", "5", str(14 * 86_400_000)),
        ),
    ],
)
def test_each_difference_is_named(change: Callable[[Topic], Topic], difference: Difference) -> None:
    """A difference says topic, what, how it is and how it should be; only configuration is repaired."""
    assert differences(LAYOUT, found(change)) == [difference]
    assert difference.repairable == (difference.what == "retention.ms")


def test_missing_topic_is_made() -> None:
    """A topic that is not there can be repaired."""
    there = found()
    del there["bank.business-days"]
    assert differences(LAYOUT, there) == [Difference("bank.business-days", "topic", None, "12 partitions")]
    assert differences(LAYOUT, there)[0].repairable


def test_keep_forever_lifts_retention_and_nothing_else() -> None:
    """For old events retention is lifted where there was one; compacted topics stay as they are."""
    forever = wanted("bank.", "overdue", 12, 3, keep_forever=True)
    for topic, kept in zip(LAYOUT, forever, strict=True):
        changed = {entry: value for entry, value in kept.config.items() if topic.config[entry] != value}
        assert changed == ({"retention.ms": "-1"} if "retention.ms" in topic.config else {})
