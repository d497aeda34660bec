"""`python -m tests.faults`: the long run."""

from __future__ import annotations

import argparse
import sys
from random import SystemRandom

from stream.local.broker import Broker
from tests.faults.run import Plan, run


def main() -> int:
    """Run the plan of the command line; 0: exact."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description="Kill and stop workers and broker under load; judge by the oracle."
    )
    parser.add_argument("--seed", type=int, help="decides load and faults; by default a new one, which is printed")
    for name in ("kills", "rolling", "zombies", "broker-kills", "workers", "partitions", "loans"):
        field = name.replace("-", "_")
        parser.add_argument(f"--{name}", type=int, default=getattr(Plan, field))
    parser.add_argument("--rate", type=float, default=Plan.rate, help="events a second (%(default)s)")
    parser.add_argument("--bad-share", type=float, default=Plan.bad_share, help="share of bad messages (%(default)s)")
    parser.add_argument("--session-seconds", type=float, default=Plan.session_seconds)
    parser.add_argument("--port", type=int, default=0, help="of the broker; 0: a free one")
    parser.add_argument("--metrics-port", type=int, default=Plan.metrics_port, help="of the first worker")
    said = vars(parser.parse_args())
    port = said.pop("port")
    seed = said.pop("seed")
    plan = Plan(seed=SystemRandom().randrange(10**6) if seed is None else seed, **said)
    print(plan, flush=True)
    with Broker.temporary(port=port) as broker:
        report = run(plan, broker, lambda words: print(words, flush=True))
    print(report.words())
    return 0 if report.exact else 1


if __name__ == "__main__":
    sys.exit(main())
