"""For each alert: series on which it fires, and series, as near as can be, on which it does not."""

from __future__ import annotations

from dataclasses import dataclass, field

Series = dict[str, str]
"""Series to its values in promtool's notation: start+step x times, one value a minute; `_` none, `stale` gone."""

HOUR = 60
DAY = 24 * HOUR


@dataclass(frozen=True)
class Case:
    """Both sides of one alert."""

    fires: Series
    says: str
    """The whole description."""
    after: int
    """Minutes after which it fires; the quiet side is looked at then, too."""
    quiet: Series
    labels: dict[str, str] = field(default_factory=dict)
    """Labels of the firing alert beside severity."""


WORKER = 'instance="w0"'
TASK = 'agent="loans",partition="3"'
BUILD = 'loan_build_info{instance="w0",policy_version="cn-1",version="1"}'


def ages(late_per_minute: int, good_per_minute: int, minutes: int) -> Series:
    """Batches per minute, late ones and all."""
    return {
        'loan_event_age_seconds_bucket{le="60.0"}': f"0+{good_per_minute}x{minutes}",
        "loan_event_age_seconds_count": f"0+{good_per_minute + late_per_minute}x{minutes}",
    }


def book(overdue: str, current: str) -> Series:
    """The principal of one product in M1 and current."""
    return {
        'loan_book_principal{product="cash",currency="CNY",bucket="M1"}': overdue,
        'loan_book_principal{product="cash",currency="CNY",bucket="current"}': current,
    }


def expiry(whose: str, days: int) -> Series:
    """A certificate that ends so many days after the beginning."""
    return {f'loan_certificate_expiry_timestamp_seconds{{{WORKER},certificate="{whose}"}}': f"{days * 86_400}x30"}


def queries(good: int, failed: int) -> Series:
    """Queries per minute."""
    return {
        f'loan_queries_total{{{WORKER},status="200"}}': f"0+{good}x30",
        f'loan_queries_total{{{WORKER},status="503"}}': f"0+{failed}x30",
    }


CASES = {
    "LoanCertificateExpires": Case(
        fires=expiry("broker", 21),
        says="The certificate 'broker' expires in 20d 23h 40m 0s; from then on no new connection to Kafka succeeds.",
        after=20,
        quiet=expiry("own", 22),
        labels={"certificate": "broker"},
    ),
    "LoanCertificateExpired": Case(
        fires=expiry("own", 3),
        says="The certificate 'own' expires in 2d 23h 50m 0s; from then on no new connection to Kafka succeeds.",
        after=10,
        quiet=expiry("own", 4),
        labels={"certificate": "own"},
    ),
    "LoanQueriesFail": Case(
        fires=queries(90, 10),
        says="w0 answers 10% of the queries with 500 or 503.",
        after=20,
        quiet=queries(98, 2),
        labels={"instance": "w0"},
    ),
    "LoanClockRefused": Case(
        fires={f"loan_clock_refused{{{WORKER}}}": "0 1x5"},
        says="w0: the broker refused a business day, because the worker's clock is ahead of its own by more than "
        "OVERDUE_CLOCK_TOLERANCE_MINUTES; no day is opened early. Set the clocks right (NTP).",
        after=4,
        quiet={f"loan_clock_refused{{{WORKER}}}": "1 0x5"},
        labels={"instance": "w0"},
    ),
    "LoanWorkerAbsent": Case(
        fires={BUILD: "1 1 stale"},
        says="Nothing judges loans: no worker has answered Prometheus for two minutes.",
        after=6,
        quiet={BUILD: "1x10"},
    ),
    "LoanNoTasks": Case(
        fires={"loan_assigned_tasks": "0x10"},
        says="0 tasks in all workers for five minutes: no partition is read.",
        after=6,
        quiet={'loan_assigned_tasks{instance="w0"}': "0x10", 'loan_assigned_tasks{instance="w1"}': "12x10"},
    ),
    "LoanNotReady": Case(
        fires={f"loan_ready{{{WORKER}}}": "0x20"},
        says="w0 has not been assigned and restored for ten minutes.",
        after=11,
        quiet={f"loan_ready{{{WORKER}}}": "0x9 1x10"},
        labels={"instance": "w0"},
    ),
    "LoanRecoverySlow": Case(
        fires={f"loan_recovery_remaining_messages{{{WORKER},{TASK}}}": "5000-100x20"},
        says="w0 still has 3900 changelog offsets to read; its partitions stand still.",
        after=11,
        quiet={f"loan_recovery_remaining_messages{{{WORKER},{TASK}}}": "5000-1000x5 0x10"},
        labels={"instance": "w0", "agent": "loans"},
    ),
    "LoanEventsLateFast": Case(
        fires=ages(2, 98, 2 * HOUR),
        says="2% of batches of the last hour began more than 60 s after their oldest event (objective: 0.1 %).",
        after=70,
        quiet=ages(1, 99, 2 * HOUR),
    ),
    "LoanEventsLateSlow": Case(
        fires=ages(1, 99, 8 * HOUR),
        says="1% of batches of the last six hours began more than 60 s after their oldest event (objective: 0.1 %).",
        after=7 * HOUR,
        quiet=ages(1, 199, 8 * HOUR),
    ),
    "LoanLag": Case(
        fires={f'loan_consumer_lag_seconds{{{WORKER},topic="loans.repayments",partition="3"}}': "0+60x10"},
        says="Topic loans.repayments: the oldest record that is not committed was first seen 360 s ago.",
        after=6,
        quiet={
            f'loan_consumer_lag_seconds{{{WORKER},topic="loans.repayments",partition="3"}}': "60 120 120 60 120 120 9"
        },
        labels={"topic": "loans.repayments"},
    ),
    "LoanCommitsStuck": Case(
        fires={f"loan_commit_age_seconds{{{WORKER}}}": "0+60x5"},
        says="w0 has committed nothing for 240 s although records wait.",
        after=4,
        quiet={f"loan_commit_age_seconds{{{WORKER}}}": "60x5"},
        labels={"instance": "w0"},
    ),
    "LoanLoopBlocked": Case(
        fires={f"loan_loop_stall_seconds{{{WORKER}}}": "0 0 55"},
        says="w0: the loop has not turned for 55 s; nothing is read, committed or answered.",
        after=2,
        quiet={f"loan_loop_stall_seconds{{{WORKER}}}": "0 0 10"},
        labels={"instance": "w0"},
    ),
    "LoanBrokerSilent": Case(
        fires={f"loan_broker_silence_seconds{{{WORKER}}}": "5 65"},
        says="w0: no broker has told end offsets for 65 s.",
        after=1,
        quiet={f"loan_broker_silence_seconds{{{WORKER}}}": "5 60"},
        labels={"instance": "w0"},
    ),
    "LoanBreakerOpen": Case(
        fires={f"loan_dlq_breaker_open{{{WORKER},{TASK}}}": "0 1"},
        says="loans partition 3: too many messages in a row were rejected; nothing more is read from it.",
        after=1,
        quiet={f"loan_dlq_breaker_open{{{WORKER},{TASK}}}": "1 stale"},
        labels={"instance": "w0", "agent": "loans", "partition": "3"},
    ),
    "LoanDeadLetters": Case(
        fires={
            'loan_events_total{outcome="applied"}': "0+96x40",
            'loan_events_total{outcome="rejected"}': "0+4x40",
        },
        says="4% of the messages of the last 15 minutes went to the dead letters.",
        after=30,
        quiet={
            'loan_events_total{outcome="applied"}': "0+99x40",
            'loan_events_total{outcome="rejected"}': "0+1x40",
        },
    ),
    "LoanMisrouted": Case(
        fires={'loan_misrouted_total{topic="loans.repayments"}': "0x4 1x15"},
        says="Topic loans.repayments: 1 events came on another partition than murmur2 of their key gives; loans are"
        " split.",
        after=15,
        quiet={'loan_misrouted_total{topic="loans.repayments"}': "7x30"},
        labels={"topic": "loans.repayments"},
    ),
    "LoanBusinessDayMissing": Case(
        fires={f"loan_clock_age_seconds{{{WORKER}}}": f"{25 * 3600}+60x{2 * HOUR}"},
        says="The oldest business date began 1d 2h 40m 0s ago; no loan ages until the next one is opened.",
        after=100,
        quiet={f"loan_clock_age_seconds{{{WORKER}}}": f"{24 * 3600}+60x{2 * HOUR} 0x{HOUR}"},
    ),
    "LoanBusinessDayWaits": Case(
        fires={f"loan_barrier_wait_seconds{{{WORKER},{TASK}}}": "0+60x8"},
        says="loans partition 3 has had the day at the head of its queue for 360 s.",
        after=6,
        quiet={f"loan_barrier_wait_seconds{{{WORKER},{TASK}}}": "0+60x5 0x8"},
        labels={"agent": "loans", "partition": "3"},
    ),
    "LoanTimersOverdue": Case(
        fires={f"loan_timers_overdue{{{WORKER},{TASK}}}": "5000-10x60"},
        says="loans partition 3: 4690 loans have not been looked at half an hour after the day began.",
        after=31,
        quiet={f"loan_timers_overdue{{{WORKER},{TASK}}}": "5000-200x25 0x30"},
        labels={"agent": "loans", "partition": "3"},
    ),
    "LoanFeedHeld": Case(
        fires={f"loan_feed_held{{{WORKER},{TASK}}}": "0 1x9"},
        says="loans partition 3: the day's repayments fall far short; its loans are not aged until they come or an"
        " operator opens the day.",
        after=6,
        quiet={f"loan_feed_held{{{WORKER},{TASK}}}": "0 1x3 0x9"},
        labels={"agent": "loans", "partition": "3"},
    ),
    "LoanSignalFeedSilent": Case(
        fires={'loan_signal_newest_timestamp_seconds{signal="balance_reported"}': f"{-3 * 86_400}x{2 * HOUR}"},
        says="balance_reported: the newest observation is 3d 1h 1m 0s old; the rules that need it go quiet.",
        after=HOUR + 1,
        quiet={
            f'loan_signal_newest_timestamp_seconds{{signal="{signal}"}}': f"{-days * 86_400}x{2 * HOUR}"
            for signal, days in (("balance_reported", 2), ("income_reported", 44), ("employment_changed", 400))
        },
        labels={"signal": "balance_reported"},
    ),
    "LoanBorrowersBehind": Case(
        fires={
            'loan_business_date_timestamp_seconds{agent="loans",partition="0"}': "259200x60",
            'loan_business_date_timestamp_seconds{agent="borrowers",partition="0"}': "86400x60",
        },
        says="Borrowers are judged 2d 0h 0m 0s behind the loans; early warnings are late by that.",
        after=31,
        quiet={
            'loan_business_date_timestamp_seconds{agent="loans",partition="0"}': "259200x60",
            'loan_business_date_timestamp_seconds{agent="borrowers",partition="0"}': "172800x60",
        },
    ),
    "LoanUpstreamTransactionOpen": Case(
        fires={f'loan_upstream_transaction_open_seconds{{{WORKER},topic="loans.repayments",partition="3"}}': "35+60x5"},
        says="loans.repayments partition 3: open for 155 s; nothing behind it can be read.",
        after=2,
        quiet={f'loan_upstream_transaction_open_seconds{{{WORKER},topic="loans.repayments",partition="3"}}': "35 95 0"},
        labels={"topic": "loans.repayments", "partition": "3"},
    ),
    "LoanRebalances": Case(
        fires={f"loan_rebalances_total{{{WORKER}}}": "1+1x40"},
        says="15 assignments in 15 minutes.",
        after=30,
        quiet={f"loan_rebalances_total{{{WORKER}}}": "1x20 5x20"},
    ),
    "LoanWorkerRestarts": Case(
        fires={f'process_start_time_seconds{{{WORKER},job="overdue"}}': "100x3 300x3 500x3 700x3 900x15"},
        says="w0 has started 4 times in half an hour; a fenced or crashing worker ends, and its log says why.",
        after=20,
        quiet={f'process_start_time_seconds{{{WORKER},job="overdue"}}': "100x3 300x3 500x3 700x3 700x15"},
        labels={"instance": "w0", "job": "overdue"},
    ),
    "LoanTwoPolicies": Case(
        fires={
            BUILD: "1x30",
            'loan_build_info{instance="w1",policy_version="cn-2",version="1"}': "1x30",
        },
        says="2 policy versions run at the same time.",
        after=20,
        quiet={
            BUILD: "1x30",
            'loan_build_info{instance="w1",policy_version="cn-2",version="1"}': "1x10 stale",
        },
    ),
    "LoanOverdueJump": Case(
        fires=book(f"100x{DAY} 200x{DAY}", f"900x{DAY} 800x{DAY}"),
        says="cash (CNY): 20% of principal is overdue, half as much again as a day ago. Is a feed of repayments"
        " missing?",
        after=DAY + 120,
        quiet=book(f"100x{DAY} 155x{DAY}", f"900x{DAY} 845x{DAY}"),
        labels={"product": "cash", "currency": "CNY"},
    ),
}
