"""Under faults state is exact and alerts come exactly once: the short set; the long one is `python -m tests.faults`."""

from __future__ import annotations

import pytest

from stream.local.broker import Broker
from tests.faults.run import Plan, run

SEED = 20_240_229


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_kills_a_rolling_restart_a_zombie_and_a_dead_broker_change_nothing(private_broker: Broker) -> None:
    """Two workers under load, killed, restarted, stopped beyond their session, their broker killed: all exact."""
    plan = Plan(
        seed=SEED,
        kills=2,
        rolling=1,
        zombies=1,
        broker_kills=1,
        partitions=4,
        loans=1_000,
        rate=300.0,
        session_seconds=3.0,
        metrics_port=0,
    )
    report = run(plan, private_broker, print)
    print(report.words())
    assert report.done == {"kill": 2, "rolling": 1, "zombie": 1, "broker": 1}
    assert report.verdict.events > 2_000
    assert report.verdict.alerts > 50
    assert report.exact, report.words()
