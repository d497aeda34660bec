"""The sizing model counts as a capacity planner would on paper."""

from __future__ import annotations

import json

import pytest

from tests.bench.sizing import Figures, check, main, need

PAPER = Figures(
    loans=30e6,
    events=60_000,
    worker_us=20,
    broker_us=10,
    memory_bytes=1_000,
    state_bytes=1_000,
    restored=100_000,
    changed_share=0.03,
    day_us=20,
    kept_bytes=1_000,
    standing_bytes=500,
    peak_factor=6,
    retention_days=1,
    replication=3,
    busy=0.6,
    worker_gb=16,
    tasks=12,
)


def test_workers_follow_from_the_scarcer_of_cpu_and_memory() -> None:
    """60,000 events of 20 µs are 1.2 cores, two workers at 60 %; 30 GB at 12 GB each are three; and one to spare."""
    found = need(PAPER)
    assert (found.workers_for_events, found.workers_for_memory, found.workers, found.partitions) == (2, 3, 4, 48)


def test_restore_and_takeover_are_of_a_workers_share() -> None:
    """7.5 million loans at 100,000 a second are 75 s; shared by the three others 25 s; a day changes 225,000."""
    found = need(PAPER)
    assert found.restore_seconds == pytest.approx(75)
    assert found.takeover_seconds == pytest.approx(25)
    assert found.day_seconds == pytest.approx(4.5)


def test_disk_holds_a_days_records_and_what_is_compacted_thrice() -> None:
    """10,000 events a second for a day are 864 GB, states and standings twice 45 GB; three copies: 2,862 GB."""
    found = need(PAPER)
    assert found.disk_gb == pytest.approx(2_862)
    assert found.network_mb == pytest.approx(450)
    assert found.brokers == 3


def test_the_price_is_cores_memory_and_disk() -> None:
    """Four workers of 0.12 an hour, three brokers of 0.48, 730 hours; 12,000 GB of disk at 0.08 a month."""
    assert need(PAPER).price == pytest.approx((4 * 0.12 + 3 * 0.48) * 730 + 12_000 * 0.08)


def test_the_model_is_put_beside_a_measured_run(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    """A million loans, 1 GB and 0.6 s by the model; measured 1.1 GB and 0.5 s."""
    month = {"loans": 1_000_000, "memory_bytes": 1_100, "days": [[0.4, 1, 1], [0.6, 1, 1]]}
    assert [line.rpartition(": ")[2] for line in check(month, PAPER).splitlines()] == [
        "model 1.00, measured 1.10 (-9%)",
        "model 0.60, measured 0.50 (+20%)",
    ]
    file = tmp_path / "month.json"
    file.write_text(json.dumps(month))
    assert main(["--loans", "1e6", "--check", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "1,000,000  loans: asked" in shown
    assert "ASSUMED" in shown
