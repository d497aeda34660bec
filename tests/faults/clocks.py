"""Workers that open business days by clocks which are wrong, jump, or pass an edge of the calendar.

The worker's wall clock is faked (libfaketime, Debian package of that name), the broker's is right, the steady clock
goes on. Edges of the calendar lie in the past, where a broker takes any time.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from stream.broker_clock import limit_of
from stream.local.broker import Broker
from tests import stories
from tests.faults.crew import Crew, Worker
from tests.faults.load import INPUTS, wait_until
from tests.faults.log import read
from tests.faults.portfolio import BUSINESS_DAYS, DISBURSEMENTS, POLICY, REPAYMENTS
from tests.faults.progress import Progress
from tests.faults.run import APP_ID, Plan, environment, make_topics
from tests.faults.verdict import Verdict, check
from tests.oracle import Policy

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
PARTITIONS, LOANS = 4, 60
PATIENCE_SECONDS = 60.0
REFUSED = ("no business day is opened", "set the clocks right (NTP)")
QUIET_SECONDS = 4.0
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """The worker's clock is set, and something comes of it."""

    shows: datetime | timedelta
    """A local time, or how far it is from the broker's."""
    opens: int = 0
    """So many more days, of which it says one by one that they are open."""
    refused: bool = False
    """The broker must refuse a day, and the worker say so."""
    kill: bool = False
    """The worker is killed (kill -9) first, and starts with this clock."""


@dataclass(frozen=True)
class Case:
    """A clock's story."""

    name: str
    zone: str
    steps: tuple[Step, ...]
    opens_in: timedelta | None = None
    """How long from now the next business day opens, set by the posting lag; None: days open at midnight."""


def cases() -> Iterator[Case]:
    """All of them."""
    for name, zone, year, month, day in (
        ("leap day", "Asia/Shanghai", 2024, 2, 28),
        ("year end", "Asia/Shanghai", 2023, 12, 31),
        ("an hour missing", "America/New_York", 2024, 3, 9),
        ("an hour twice", "America/New_York", 2024, 11, 2),
    ):
        eve = datetime(year, month, day, 23, 59, 40, tzinfo=ZoneInfo(zone))
        change = eve.replace(hour=1, second=58) + DAY  # before the clocks change, where they do
        near = eve.replace(second=56) + DAY
        yield Case(name, zone, (Step(eve, 2), Step(change), Step(near, 1), Step(eve + 2 * DAY, 1, kill=True)))
    eve = datetime(2024, 5, 1, 23, 59, 40, tzinfo=stories.ZONE)
    back, again = eve - 10 * MINUTE, eve.replace(second=58)
    steps = (Step(eve, 2), Step(back), Step(back, kill=True), Step(again))
    yield Case("10 min back at midnight", "Asia/Shanghai", steps)
    right = timedelta()
    for hours, opens_in in ((2, 90 * MINUTE), (-2, -60 * MINUTE)):
        wrong = Step(timedelta(hours=hours), refused=hours > 0, kill=True)
        yield Case(f"{hours:+} h", "UTC", (Step(right, 1), wrong, Step(right), Step(right, kill=True)), opens_in)
    for days in (400, -400):
        wrong = Step(days * DAY, refused=days > 0)
        yield Case(f"{days:+} d", "UTC", (Step(right, 1), wrong, Step(right), Step(right, kill=True)), 6 * HOUR)


@dataclass(frozen=True)
class Outcome:
    """What came of a case."""

    case: Case
    failures: tuple[str, ...]
    verdict: Verdict


def all_clocks(say: Callable[[str], None]) -> list[Outcome]:
    """Each on topics of its own, on one broker. Raises FileNotFoundError where the clock can't be faked."""
    if not FAKETIME.exists():
        raise FileNotFoundError(f"{FAKETIME} is not there: apt-get install libfaketime")
    with Broker.temporary() as broker:
        return [_clock(broker, number, case, say) for number, case in enumerate(cases())]


class Scene:
    """A worker with a clock of its own on a small book."""

    def __init__(self, broker: Broker, number: int, case: Case) -> None:
        self.case, self.prefix = case, f"clock-{number}."
        self.app_id = self.prefix + APP_ID
        self.zone = ZoneInfo(case.zone)
        self.lag = _lag(case.opens_in)
        self.folder = Path(tempfile.mkdtemp(prefix="overdue-clocks-"))
        self.policy = self.folder / "policy.toml"
        self.policy.write_text(POLICY.replace('"Asia/Shanghai"', f'"{case.zone}"'), "utf-8")
        make_topics(broker.bootstrap, PARTITIONS, self.prefix)
        _limit(broker.bootstrap, self.prefix + BUSINESS_DAYS)
        self.bootstrap = broker.bootstrap
        self.progress = Progress(broker.bootstrap, self.app_id)
        settings = environment(Plan(seed=1, workers=1, partitions=PARTITIONS), broker.bootstrap, self.folder) | {
            "OVERDUE_TOPIC_PREFIX": self.prefix,
            "OVERDUE_APP_ID": self.app_id,
            "OVERDUE_CLOCK": "wall",
            "OVERDUE_AGENTS": "loans",
            "OVERDUE_POSTING_LAG_MINUTES": str(self.lag),
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        self.worker: Worker = Crew.of(1, settings, self.folder, 0).workers[0]
        self.set(case.steps[0].shows)
        self.first = self.day_of(case.steps[0].shows)

    def set(self, shows: datetime | timedelta) -> None:
        """Set the worker's clock; put in place at once, for it is read at every question for the time."""
        ahead = shows if isinstance(shows, timedelta) else shows - _now()
        new = self.folder / "clock.new"
        new.write_text(f"{ahead.total_seconds():+.3f}\n", "ascii")
        new.rename(self.folder / "clock")

    def day_of(self, shows: datetime | timedelta) -> date:
        """The business date that a clock which shows this has open."""
        local = shows if isinstance(shows, datetime) else _now() + shows
        return (local.astimezone(UTC) - timedelta(minutes=self.lag)).astimezone(self.zone).date()

    def days(self) -> int:
        """How many days are open on every partition; -1: not the same number on all."""
        counts = set(self.progress.ends(self.prefix + BUSINESS_DAYS, PARTITIONS).values())
        return counts.pop() if len(counts) == 1 else -1

    def told(self) -> int:
        """How often the worker has said that its clock is wrong."""
        said = self.worker.log.read_text("utf-8") if self.worker.log.exists() else ""
        return sum(said.count(words) for words in REFUSED)


def _clock(broker: Broker, number: int, case: Case, say: Callable[[str], None]) -> Outcome:
    scene = Scene(broker, number, case)
    failures: list[str] = []
    try:
        _publish(broker.bootstrap, scene.prefix, scene.first)
        scene.worker.start()
        wanted = 0
        for place, step in enumerate(case.steps):
            wanted += step.opens
            failures += [f"step {place}: {failure}" for failure in _take(scene, step, wanted)]
        ends = {
            end: offset
            for topic in INPUTS
            for end, offset in scene.progress.ends(scene.prefix + topic, PARTITIONS).items()
        }
        if not wait_until(lambda: scene.progress.missing(ends) == 0, PATIENCE_SECONDS):
            failures.append("not everything was consumed")
    finally:
        scene.worker.end()
        scene.progress.close()
    opened = read(broker.bootstrap, [scene.prefix + BUSINESS_DAYS], PARTITIONS)[scene.prefix + BUSINESS_DAYS]
    expected = [(scene.first + number * DAY).isoformat() for number in range(wanted)]
    for partition in range(PARTITIONS):
        found = [record.event["data"]["business_date"] for record in opened if record.partition == partition]
        if found != expected:
            failures.append(f"partition {partition} opened {found} instead of {expected}")
    policy = Policy.from_toml(scene.policy)
    verdict = check(broker.bootstrap, policy, PARTITIONS, app_id=scene.app_id, prefix=scene.prefix, early_warning=False)
    say(f"{case.name}: {wanted} days, {verdict.alerts} alerts, {failures or 'as it should be'}")
    if not failures and verdict.exact:
        shutil.rmtree(scene.folder)
    return Outcome(case, tuple(f"{case.name}: {failure}" for failure in failures), verdict)


def _take(scene: Scene, step: Step, wanted: int) -> Iterator[str]:
    """Set the clock, and wait for what must come of it; what did not."""
    before = scene.told()
    if not scene.worker.alive():
        scene.set(step.shows)
        scene.worker.start()
    if step.kill:
        scene.worker.process.kill()  # type: ignore[union-attr]
        scene.worker.process.wait()  # type: ignore[union-attr]
    scene.set(step.shows)
    if step.kill:
        scene.worker.start()
    if not wait_until(lambda: scene.days() == wanted, PATIENCE_SECONDS, 0.5):
        yield f"{scene.days()} days are open instead of {wanted}"
    if step.refused and not wait_until(lambda: scene.told() > before, PATIENCE_SECONDS, 0.5):
        yield "nobody says that the clock is wrong"
    if step.refused:
        wait_until(lambda: not scene.worker.alive(), QUIET_SECONDS)
        return  # a worker whose clock is far ahead may end: the broker does not take its state either
    if not step.opens:
        ends = scene.progress.ends(scene.prefix + BUSINESS_DAYS, PARTITIONS)
        wait_until(lambda: scene.progress.missing(ends) == 0, PATIENCE_SECONDS)  # it runs again
        time.sleep(QUIET_SECONDS)
        if scene.days() != wanted:
            yield f"{scene.days()} days are open instead of {wanted}"
        if scene.told() != before:
            yield "the broker refused something"
    if not scene.worker.alive():
        yield "the worker ended"


def _publish(bootstrap: str, prefix: str, first: date) -> None:
    """Loans that fall due on the days around, paid in time, announced, late or not at all; told the day before."""
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "log_level": 0})
    told = datetime.combine(first - DAY, datetime.min.time(), UTC) + 12 * HOUR
    for number in range(LOANS):
        loan = f"C{number}"
        due = first + (number % 6 - 2) * DAY
        rows = [stories.an_installment(1, due, 1_000), stories.an_installment(2, due + 2 * DAY, 1_000)]
        events = [(DISBURSEMENTS, stories.disbursed(rows, first - 10 * DAY, loan))]
        if number % 4 < 2:
            paid_on = due + (number % 4 + number % 3 - 1) * DAY
            events.append((REPAYMENTS, stories.repaid(f"{loan}-p", 1_000, paid_on, loan)))
        for topic, event in events:
            event["time"] = told.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            headers = {"content-type": "application/cloudevents+json"}
            producer.produce(
                prefix + topic,
                json.dumps(event),
                loan.encode(),
                headers=list(headers.items()),
                timestamp=int(told.timestamp() * 1000),
            )
    producer.flush(30)


def _limit(bootstrap: str, topic: str) -> None:
    """What `overdue topics apply` sets where the clock is the wall clock."""
    resource = ConfigResource(ResourceType.TOPIC, topic, set_config={"retention.ms": "-1"} | limit_of(60))
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    for done in admin.alter_configs([resource]).values():
        done.result(30)


def _lag(opens_in: timedelta | None) -> int:
    """The posting lag, minutes, by which a business day opens so long from now; in UTC."""
    if opens_in is None:
        return 0
    opening = _now() + opens_in
    return opening.hour * 60 + opening.minute


def _now() -> datetime:
    """The right time: this machine's, which is the broker's."""
    return datetime.now(UTC)  # noqa: TID251
