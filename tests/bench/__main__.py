"""`python -m tests.bench`: our worker beside other stream processors, on one broker, in one run."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stream.local.broker import Broker, BrokerError
from tests.bench import latency, recovery, report, stages, throughput
from tests.bench.engines import LOW_LATENCY_PEERS, PEER_ENGINES, Engine, Place, build_kafka_streams
from tests.bench.kafka import Kafka
from tests.bench.machine import EngineError
from tests.bench.portfolio import Portfolio
from tests.bench.reference import expected_alerts
from tests.bench.report import Result, say
from tests.bench.worker import OverdueWorker, ProfiledWorker

OURS = OverdueWorker()


@dataclass(frozen=True)
class Bench:
    """What all measurements share: the options, the broker, the folder of this run, the Kafka Streams class path."""

    options: Namespace
    kafka: Kafka
    broker_pid: int
    folder: Path
    class_path: str

    def place(self, engine: Engine, prefix: str) -> Place:
        app = f"{prefix}{engine.name}-{time.monotonic_ns() // 1_000_000}"
        directory = self.folder / app
        directory.mkdir()
        return Place(self.kafka, prefix, app, directory, self.class_path)

    def chosen(self, engines: Sequence[Engine]) -> list[Engine]:
        names = self.options.engines.split(",") if self.options.engines else [engine.name for engine in engines]
        return [engine for engine in engines if engine.name in names]

    def trial(
        self, kind: str, engine: Engine, place: Place, measure: Callable[[Engine, Place], Result], **facts: object
    ) -> Result:
        """One measurement: said, written, cleaned up."""
        say(f"{kind}: {engine.name} ...")
        result = {
            "kind": kind,
            "engine": engine.name,
            "exactly_once": engine.exactly_once,
            **facts,
            **measure(engine, place),
        }
        say(f"  {result}")
        report.write(self.options.out, result)
        self.kafka.delete([topic for topic in self.kafka.topics() if place.app in topic])
        shutil.rmtree(place.directory / "state", ignore_errors=True)
        return result


def run_throughput(bench: Bench) -> bool:
    """Every engine over every size of portfolio; whether all said what they must."""
    good = True
    for loans in bench.options.loans:
        results = _throughput_of(bench, loans)
        rows = report.with_ratios(report.medians(results), OURS.name)
        title = f"\nThroughput: {loans:,} loans, {bench.options.repayments:,} repayments, runs: {bench.options.runs}"
        print(report.table(title, report.THROUGHPUT, rows))
        good = good and all(result["equal"] for result in results)
    return good


def _throughput_of(bench: Bench, loans: int) -> list[Result]:
    """Faust gets fewer repayments of its own: it would need minutes for all."""
    options, results = bench.options, []
    faust = [engine for engine in bench.chosen(PEER_ENGINES) if engine.name == "faust"]
    others = [engine for engine in bench.chosen((OURS, *PEER_ENGINES)) if engine.name != "faust"]
    few = min(options.repayments, options.faust_repayments)
    for engines, repayments in ((others, options.repayments), (faust, few)):
        if not engines:
            continue
        portfolio = Portfolio(loans, repayments, options.alert_share)
        expected = expected_alerts(portfolio)
        share = expected.at_repayment.total() / repayments
        prefix = f"t{loans}x{repayments}."
        say(f"publishing {loans:,} loans and {repayments:,} repayments, {share:.1%} of them with an alert")
        throughput.load_backlog(bench.kafka, prefix, portfolio)
        measure = partial(throughput.measure, expected=expected, broker_pid=bench.broker_pid)
        facts = {"loans": loans, "alert_share": round(share, 4)}
        for run in range(options.runs):
            for engine in engines:
                place = bench.place(engine, prefix)
                results.append(bench.trial("throughput", engine, place, measure, run=run, **facts))
        bench.kafka.delete([topic for topic in bench.kafka.topics() if topic.startswith(prefix)])
    return results


def run_latency(bench: Bench) -> bool:
    """Publish at a steady rate; the time to each alert."""
    options, results = bench.options, []
    portfolio = Portfolio(options.latency_loans, int(options.rate * options.seconds), alert_share=0.1)
    expected = expected_alerts(portfolio)
    measure = partial(latency.measure, portfolio=portfolio, expected=expected, rate=options.rate)
    for run in range(options.runs):
        for engine in bench.chosen((OURS, *LOW_LATENCY_PEERS)):
            prefix = f"l{run}.{engine.name}."
            place = bench.place(engine, prefix)
            results.append(bench.trial("latency", engine, place, measure, run=run))
            bench.kafka.delete([topic for topic in bench.kafka.topics() if topic.startswith(prefix)])
    title = f"\nLatency at {options.rate:,.0f} events/s, publish to alert seen by a read-committed reader"
    print(report.table(title, report.LATENCY, report.medians(results)))
    return all(result["equal"] for result in results)


def run_recovery(bench: Bench) -> bool:
    """One worker restores all loans from the changelog."""
    options, results = bench.options, []
    measure = partial(recovery.measure, loans=options.recovery_loans, payments=options.recovery_payments)
    peers = [peer for peer in PEER_ENGINES if peer.name.startswith("kafka-streams-eos")]
    for engine in bench.chosen((OURS, *peers)):
        prefix = f"r.{engine.name}."
        place = bench.place(engine, prefix)
        results.append(bench.trial("recovery", engine, place, measure))
        bench.kafka.delete([topic for topic in bench.kafka.topics() if topic.startswith(prefix)])
    title = f"\nRecovery of {options.recovery_loans:,} loans: start of the process to work done in every partition"
    print(report.table(title, report.RECOVERY, report.medians(results)))
    return True


def run_stages(options: Namespace) -> bool:
    """Where each microsecond of our agent goes; needs no broker."""
    rows = stages.measure(options.stage_loans, options.stage_repayments, options.stage_repeats)
    _print_stages(options, "in process, without Kafka", rows)
    return True


def run_profile(bench: Bench) -> bool:
    """Where each microsecond of a whole worker goes, during a throughput run of its own."""
    options = bench.options
    engine, prefix = ProfiledWorker(), "p."
    portfolio = Portfolio(options.loans[0], options.repayments, options.alert_share)
    expected = expected_alerts(portfolio)
    throughput.load_backlog(bench.kafka, prefix, portfolio)
    place = bench.place(engine, prefix)
    measure = partial(throughput.measure, expected=expected, broker_pid=bench.broker_pid)
    result = bench.trial("profile", engine, place, measure, loans=portfolio.loans)
    bench.kafka.delete([topic for topic in bench.kafka.topics() if topic.startswith(prefix)])
    _print_stages(options, f"in a worker, {portfolio.loans:,} loans", stages.profile(place, result))
    return bool(result["equal"])


def _print_stages(options: Namespace, where: str, rows: list[Result]) -> None:
    for row in rows:
        report.write(options.out, {"kind": "stages", "where": where, **row})
    print(report.table(f"\nWhere a repayment's CPU goes, {where}", report.STAGES, rows))


@contextmanager
def open_bench(options: Namespace) -> Iterator[Bench]:
    """A broker of our own in a temporary folder, and everything gone at the end; `--keep` leaves the logs."""
    folder = Path(tempfile.mkdtemp(prefix="overdue-bench-"))
    broker = Broker.temporary(port=options.port, heap=options.broker_heap)
    try:
        bootstrap = broker.start(lambda progress: None)
        pid = broker.status().pid
        assert pid is not None
        class_path = ""
        if options.what not in ("stages", "profile") and (
            options.engines is None or "kafka-streams" in options.engines
        ):
            say("building the Kafka Streams peer")
            class_path = build_kafka_streams(folder / "kstreams")
        kafka = Kafka(bootstrap, options.partitions)
        yield Bench(options, kafka, pid, folder, class_path)
        kafka.close()
    finally:
        broker.close()
        if options.keep:
            say(f"logs are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def parse(arguments: Sequence[str]) -> Namespace:
    """Read the command line."""
    form = ArgumentDefaultsHelpFormatter
    parser = ArgumentParser(prog="python -m tests.bench", description=__doc__, formatter_class=form)
    parser.add_argument("what", choices=["throughput", "latency", "recovery", "stages", "profile", "all"])
    parser.add_argument("--engines", help="names, comma separated; without it all")
    parser.add_argument("--runs", type=int, default=1, help="of throughput and latency; the table has the median")
    parser.add_argument("--out", type=Path, help="file that each result is appended to, as one JSON line")
    parser.add_argument("--partitions", type=int, default=4, help="of every topic")
    parser.add_argument("--port", type=int, default=0, help="of the broker; 0 takes a free one")
    parser.add_argument("--broker-heap", default="1g", help="Java heap of the broker")
    parser.add_argument("--keep", action="store_true", help="keep the logs of the engines")
    size = parser.add_argument_group("sizes")
    size.add_argument("--loans", type=_numbers, default=[20_000, 100_000], help="portfolios of the throughput runs")
    size.add_argument("--repayments", type=int, default=1_000_000, help="of each throughput run")
    size.add_argument("--faust-repayments", type=int, default=150_000, help="the same for plain Faust")
    size.add_argument("--alert-share", type=float, default=0.05, help="share of repayments that give an alert")
    size.add_argument("--rate", type=float, default=1_000.0, help="events per second of the latency runs")
    size.add_argument("--seconds", type=float, default=40.0, help="of each latency run, the first 10 not counted")
    size.add_argument("--latency-loans", type=int, default=3_000)
    size.add_argument("--recovery-loans", type=int, default=1_000_000)
    size.add_argument("--recovery-payments", type=int, default=10, help="payments in the state of each loan")
    size.add_argument("--stage-loans", type=int, default=5_000)
    size.add_argument("--stage-repayments", type=int, default=16_000)
    size.add_argument("--stage-repeats", type=int, default=20, help="the best of them counts")
    return parser.parse_args(arguments)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; 0 if every engine said what it must."""
    options = parse(arguments)
    good = True
    try:
        if options.what in ("stages", "all"):
            good = run_stages(options)
        runs = {"throughput": run_throughput, "profile": run_profile, "latency": run_latency, "recovery": run_recovery}
        wanted = [run for name, run in runs.items() if options.what in (name, "all")]
        if wanted:
            with open_bench(options) as bench:
                for run in wanted:
                    good = run(bench) and good
    except (BrokerError, EngineError, TimeoutError) as error:
        say(f"tests.bench: {error}")
        return 1
    if not good:
        say("tests.bench: an engine did not say what it must; see `equal`, and the difference file with --keep")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
