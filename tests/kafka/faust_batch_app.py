"""
The app of the tests of stream.faust_batch: counts events per key, in a way that shows order, loss and doubling.

    python faust_batch_app.py CONFIG.json worker -l warn --without-web

State of a key: JSON {"n": events, "hash": CRC-32 chained over the events' values in the order processed}.
Output of each event: key, value "key:n:value". Output of a tick: "tick:partition:day:events so far:keys in chunk".
Values that do something: "boom" raises, "stop" raises StopTask, "delete" deletes the key, "big" sends too much.
What happens is printed as JSON lines on stdout.
"""

import json
import os
import sys
import time
import zlib
from pathlib import Path

import orjson
import uvloop

from stream.faust_batch import Observer, StopTask, TaskApp, TaskBatch, TaskSettings, tune_interpreter

CONFIG = json.loads(Path(sys.argv.pop(1)).read_text())
HEADERS = [("content-type", b"text/plain")]


def say(what: str, **details: object) -> None:
    os.write(1, json.dumps({"what": what, "at": time.monotonic(), **details}).encode() + b"\n")


class Printed(Observer):
    def assigned(self, tasks):
        say("assigned", tasks=tasks)

    def revoked(self, tasks):
        say("revoked", tasks=tasks)

    def batch_done(self, agent, partition, records, times):
        say("done", agent=agent, partition=partition, records=records)

    def transaction_failed(self, agent, partition, error, *, fenced):
        say("transaction_failed", error=repr(error), fenced=fenced)

    def recovery_done(self, agent, partition, records, seconds):
        say("recovered", agent=agent, partition=partition, records=records, seconds=seconds)

    def recovery_progress(self, agent, partition, done, total):
        say("recovering", agent=agent, partition=partition, done=done, total=total)

    def positions(self, topic, partition, position, lso, committed):
        say("positions", topic=topic, partition=partition, position=position, lso=lso, committed=committed)

    def barrier_wait(self, agent, partition, seconds):
        say("barrier_wait", partition=partition, seconds=seconds)

    def transaction_left_open(self, topic, partition, lso, high_watermark, seconds):
        say("left_open", topic=topic, partition=partition, lso=lso, high_watermark=high_watermark)

    def task_stopped(self, agent, partition, reason):
        say("task_stopped", agent=agent, partition=partition, reason=reason)

    def crashed(self, error):
        say("crashed", error=f"{type(error).__name__}: {error}")


class Context:
    """Where a tick in chunks goes on; only for speed: the state says it, too."""

    def __init__(self, partition, store):
        self.partition = partition
        self.keys = len(store)


app = TaskApp(
    CONFIG["app_id"],
    brokers=CONFIG["brokers"],
    settings=TaskSettings(**CONFIG.get("settings", {})),
    observer=Printed(),
    topic_partitions=CONFIG["partitions"],
    topic_replication_factor=1,
    broker_session_timeout=6.0,
    broker_heartbeat_interval=1.0,
    broker_rebalance_timeout=10.0,
    datadir=CONFIG["datadir"],
    web_enabled=False,
)
table = app.Table("counts", partitions=CONFIG["partitions"], key_type=bytes, value_type=bytes)
OUTPUT = CONFIG["output"]
CHUNK = CONFIG.get("chunk", 0)
PAUSE = CONFIG.get("pause", 0.0)
CURSOR = b"~cursor"


def process(batch: TaskBatch) -> None:
    if batch.tick is not None:
        process_tick(batch)
        return
    if PAUSE:
        time.sleep(PAUSE)
    for record in batch.records:
        process_record(batch, record)


def process_record(batch: TaskBatch, record) -> None:
    key, value = record.key, record.value
    if value == b"boom":
        raise ValueError("boom, as the test asked")
    if value == b"stop":
        raise StopTask("the test asked for it")
    if value == b"delete":
        batch.put(key, None)
        return
    if value == b"big":
        batch.send(OUTPUT, batch.partition, key, b"x" * 2_000_000, record.timestamp, HEADERS)
    state = orjson.loads(batch.get(key) or b'{"n":0,"hash":0}')
    state["n"] += 1
    state["hash"] = zlib.crc32(value, state["hash"])
    batch.put(key, orjson.dumps(state))
    out = b"%s:%d:%s" % (key, state["n"], value)
    batch.send(OUTPUT, batch.partition, key, out, record.timestamp, list(record.headers))


def process_tick(batch: TaskBatch) -> None:
    """Touches every key once, in chunks; the cursor is in the state, as after a crash nothing else is left."""
    keys = sorted(key for key in batch.store if key != CURSOR)
    start = int(batch.store.get(CURSOR, b"0"))
    chunk = keys[start : start + CHUNK] if CHUNK else keys
    seen = sum(orjson.loads(batch.store[key])["n"] for key in keys)
    day = batch.tick.value.split(b" ")[0]
    batch.send(
        OUTPUT, batch.partition, b"tick", b"tick:%d:%s:%d:%d" % (batch.partition, day, seen, len(chunk)),
        batch.tick.timestamp,
    )  # fmt: skip
    if CHUNK and start + CHUNK < len(keys):
        batch.put(CURSOR, b"%d" % (start + CHUNK))
        batch.repeat_tick()
        if CONFIG.get("die_in_tick") and start >= CHUNK and not Path(CONFIG["die_in_tick"]).exists():
            Path(CONFIG["die_in_tick"]).touch()
            os._exit(9)
    else:
        batch.put(CURSOR, None)


def barrier_of(tick):
    """ "DAY {"topic": offset}": the offsets are optional."""
    _, _, offsets = tick.value.partition(b" ")
    return json.loads(offsets) if offsets else None


app.task_agent(
    "count",
    CONFIG["topics"],
    table=table,
    process=process,
    open_task=Context,
    tick_topic=CONFIG.get("tick_topic"),
    barrier_of=barrier_of,
)


def count_again(batch: TaskBatch) -> None:
    """The second agent: counts the first one's outputs per key."""
    for record in batch.records:
        batch.put(record.key, b"%d" % (int(batch.get(record.key) or b"0") + 1))


if CONFIG.get("second_agent"):
    again = app.Table("again", partitions=CONFIG["partitions"], key_type=bytes, value_type=bytes)
    app.task_agent("again", [OUTPUT], table=again, process=count_again)

if __name__ == "__main__":
    uvloop.install()
    tune_interpreter()
    app.main()
