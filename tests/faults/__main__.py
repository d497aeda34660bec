"""`python -m tests.faults`: named faults of the catalogue, or one long mixed run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import SystemRandom
from typing import Any

from stream.local.broker import Broker
from tests.faults import catalogue
from tests.faults.rows import Row, table, write_json
from tests.faults.run import Plan, run


def main() -> int:
    """Run what the command line says; 0: exact."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description="Hurt workers, brokers and network under load; judge what came out by the oracle. With --fault, "
        "the named faults one after the other; without, one run of the kinds and numbers given.",
    )
    parser.add_argument("--list", action="store_true", help="say which faults there are, and end")
    parser.add_argument("--fault", metavar="F1,F4", help="faults of the catalogue, ci (the most telling) or all")
    parser.add_argument("--scale", type=float, default=1.0, help="times as many of each as usual (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="with --fault: where the table goes as JSON")
    parser.add_argument("--seed", type=int, help="decides load and faults; by default a new one, which is printed")
    for name in ("kills", "rolling", "zombies", "broker-kills", "workers", "partitions", "loans"):
        field = name.replace("-", "_")
        parser.add_argument(f"--{name}", type=int, default=getattr(Plan, field))
    parser.add_argument("--rate", type=float, default=Plan.rate, help="events a second (%(default)s)")
    parser.add_argument("--bad-share", type=float, default=Plan.bad_share, help="share of bad messages (%(default)s)")
    parser.add_argument("--session-seconds", type=float, default=Plan.session_seconds)
    parser.add_argument(
        "--recovery-seconds", type=float, default=Plan.recovery_seconds, help="after each fault at most"
    )
    parser.add_argument("--port", type=int, default=0, help="of the broker; 0: a free one")
    parser.add_argument("--metrics-port", type=int, default=Plan.metrics_port, help="of the first worker")
    said = vars(parser.parse_args())
    named = {name: said.pop(name) for name in ("list", "fault", "scale", "json")}
    if named["list"]:
        print("\n".join(f"{fault.name:5}{fault.meaning}" for fault in catalogue.FAULTS))
        return 0
    if named["fault"]:
        return _named(parser, named, said["seed"])
    port = said.pop("port")
    seed = said.pop("seed")
    plan = Plan(seed=SystemRandom().randrange(10**6) if seed is None else seed, **said)
    print(plan, flush=True)
    with Broker.temporary(port=port) as broker:
        report = run(plan, broker, lambda words: print(words, flush=True))
    print(report.words())
    return 0 if report.exact else 1


def _named(parser: argparse.ArgumentParser, named: dict[str, Any], seed: int | None) -> int:
    """The faults of the catalogue; each row is written as soon as it is known."""
    try:
        faults = catalogue.chosen(named["fault"])
    except ValueError as error:
        parser.error(str(error))
    first = SystemRandom().randrange(10**6) if seed is None else seed
    rows: list[Row] = []
    for fault in faults:
        print(f"{fault.name}: {fault.meaning}; seed {first}", flush=True)
        rows.append(fault.do(fault, first, named["scale"], lambda words: print(words, flush=True)))
        if named["json"]:
            write_json(rows, named["json"])
    print("\n" + table(rows))
    for row in rows:
        for words in row.words:
            print(f"{row.fault}: {words[:600]}")
    return 0 if all(row.exact for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
