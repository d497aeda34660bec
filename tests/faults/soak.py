"""A long run without faults: does memory, the number of open files or the time of a transaction grow?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression
from urllib.request import urlopen

from tests.faults.crew import Worker
from tests.faults.injuries import Ward

SAMPLE_SECONDS = 5.0
WARM_UP = 0.25
"""Share of the run in which caches fill."""
LEAK_BYTES_A_MINUTE = (1 << 20) / 10
BYTES_BESIDE = 3.0
"""A byte of state takes so many bytes of memory at most: dictionary, key, object headers, and the allocator's waste."""


@dataclass(frozen=True)
class Sample:
    """A worker at a moment."""

    minutes: float
    rss: int
    files: int
    state: float
    """Bytes of the tables, as the worker measures them each business day."""
    transactions: dict[float, float]
    """Upper end in seconds to how many transactions took no longer, since it began."""


def sample(worker: Worker, since: float) -> Sample:
    """Of a worker that runs."""
    assert worker.process
    process = Path(f"/proc/{worker.process.pid}")
    pages = int((process / "statm").read_text("ascii").split()[1])
    state, transactions = 0.0, {}
    with urlopen(f"http://127.0.0.1:{worker.environment['OVERDUE_METRICS_PORT']}/metrics", timeout=30) as answer:
        for line in answer.read().decode().splitlines():
            name, _, value = line.rpartition(" ")
            if name.startswith("loan_state_bytes{"):
                state += float(value)
            elif name.startswith('loan_transaction_seconds_bucket{le="'):
                transactions[float(name.split('"')[1].replace("+Inf", "inf"))] = float(value)
    files = len(list((process / "fd").iterdir()))
    return Sample((time.monotonic() - since) / 60, pages * 4096, files, state, transactions)


def soak(ward: Ward, minutes: float, say: Callable[[str], None]) -> None:
    """Watch the workers so long; what is wrong goes to the ward's failures."""
    since = time.monotonic()
    found: dict[str, list[Sample]] = {worker.name: [] for worker in ward.crew.workers}
    while time.monotonic() - since < minutes * 60:
        ward.rest(SAMPLE_SECONDS)
        ward.load.check()
        for worker in ward.crew.workers:
            found[worker.name].append(sample(worker, since))
    if ward.crew.unasked:
        ward.failures.append(f"workers ended: {ward.crew.unasked}")
        return
    for name, samples in found.items():
        words, failures = _judged(samples)
        say(f"{name}: {words}")
        ward.failures += [f"{name}: {failure}" for failure in failures]


def _judged(samples: list[Sample]) -> tuple[str, list[str]]:
    """The figures in words, and what grows that should not."""
    warm = [one for one in samples if one.minutes >= samples[-1].minutes * WARM_UP]
    times = [one.minutes for one in warm]
    memory = linear_regression(times, [float(one.rss) for one in warm]).slope
    state = linear_regression(times, [one.state for one in warm]).slope
    early, late = _p99(warm[0], warm[len(warm) // 2]), _p99(warm[len(warm) // 2], warm[-1])
    words = (
        f"memory {warm[0].rss >> 20} -> {warm[-1].rss >> 20} MiB ({memory / 2**20:+.2f} MiB a minute, state "
        f"{state / 2**20:+.2f}), open files {warm[0].files} -> {warm[-1].files}, "
        f"transactions p99 <= {early * 1e3:.0f} ms, then {late * 1e3:.0f} ms"
    )
    failures = []
    if memory > LEAK_BYTES_A_MINUTE + BYTES_BESIDE * max(0.0, state):
        failures.append(f"memory grows by {memory / 2**20:.2f} MiB a minute, state by {state / 2**20:.2f}")
    if warm[-1].files > warm[0].files + 5:
        failures.append(f"open files grow from {warm[0].files} to {warm[-1].files}")
    return words, failures


def _p99(first: Sample, last: Sample) -> float:
    """The upper end of the histogram's bucket in which the slowest hundredth between two samples begins."""
    total = last.transactions[float("inf")] - first.transactions[float("inf")]
    return min(
        (end for end, count in last.transactions.items() if count - first.transactions[end] >= 0.99 * total),
        default=0.0,
    )
