"""What it costs to read a message: microseconds of one core per event, by type, mode and path.

    python -m tests.bench.decode

Each figure is a lower quartile over fresh batches of 400 records: as from a consumer, no value, header or text is met
twice. Nothing is asserted.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from stream.translate.inbound import Inbound
from stream.translate.judge import judge
from stream.translate.local_days import LocalDays
from stream.translate.rejected import Rejected
from tests.records import FakeRecord

BATCH = 400
ROUNDS = 60
ZONE = "Asia/Shanghai"


def repaid(number: int) -> dict[str, Any]:
    """Data of a `loan.repaid`."""
    return {
        "loan_id": f"L{number % 5000:07d}",
        "payment_id": f"P{number:09d}",
        "value_date": f"2024-{1 + number % 12:02}-{1 + number % 28:02}",
        "amount": 1000 + number,
        "kind": "repayment",
    }


def disbursed(number: int) -> dict[str, Any]:
    """Data of a `loan.disbursed` with 12 installments."""
    rows = [
        {"number": n, "due_date": f"2024-{n:02}-15", "principal": 94_619, "interest": 12_000, "fee": 0, "penalty": 0}
        for n in range(1, 13)
    ]
    return {
        "loan_id": f"L{number % 5000:07d}",
        "borrower_id": f"B{number:07d}",
        "product": "cash12",
        "segment": "retail",
        "currency": "CNY",
        "principal": 1_135_428,
        "disbursement_date": "2023-12-15",
        "annual_rate": "0.12",
        "schedule": rows,
    }


Data = Callable[[int], dict[str, Any]]
KINDS: dict[str, tuple[str, str, Data]] = {
    "repaid": ("loan.repaid", "loans.repayments", repaid),
    "repaid, ids with dashes": ("loan.repaid", "loans.repayments", lambda n: repaid(n) | {"payment_id": f"P-{n:08d}"}),
    "repaid, unknown field": ("loan.repaid", "loans.repayments", lambda n: repaid(n) | {"note": "x"}),
    "disbursed, 12 rows": ("loan.disbursed", "loans.disbursements", disbursed),
}


def fresh(kind: str, mode: str, fraction: str = "") -> list[FakeRecord]:
    """A batch of records whose objects nobody has touched."""
    event_type, topic, data = KINDS[kind]
    made = []
    for number in range(BATCH):
        body = data(number)
        event = {"specversion": "1.0", "id": f"E{number:09d}", "source": "/core/payments", "type": event_type}
        event |= {"subject": body["loan_id"], "datacontenttype": "application/json"}
        event["time"] = f"{body.get('value_date', '2024-01-15')}T{number % 24:02}:{number % 60:02}:07{fraction}Z"
        key = body["loan_id"].encode()
        if mode == "structured":
            value = json.dumps(event | {"data": body}, separators=(",", ":")).encode()
            headers = [("content-type", b"application/cloudevents+json")]
        else:
            value = json.dumps(body, separators=(",", ":")).encode()
            headers = [
                ("content-type" if name == "datacontenttype" else f"ce_{name}", text.encode())
                for name, text in event.items()
            ]
        made.append(FakeRecord(topic, key, value, headers))
    return made


def microseconds(run: Callable[[list[FakeRecord]], Any], make: Callable[[], list[FakeRecord]]) -> float:
    """Microseconds per record, the lower quartile over fresh batches."""
    run(make())
    found = []
    for _ in range(ROUNDS):
        batch = make()
        started = time.perf_counter()
        run(batch)
        found.append((time.perf_counter() - started) / len(batch) * 1e6)
    return sorted(found)[ROUNDS // 4]


def each(decode: Callable[[FakeRecord], Any]) -> Callable[[list[FakeRecord]], None]:
    """Decode one by one; a refusal is an answer, too."""

    def run(batch: list[FakeRecord]) -> None:
        for record in batch:
            with suppress(Rejected):
                decode(record)

    return run


def spoiled(batch: list[FakeRecord]) -> list[FakeRecord]:
    """The batch with keys that do not fit."""
    return [record._replace(key=b"L") for record in batch]


def main() -> None:
    """Print the table."""
    gc.disable()
    inbound, days = Inbound(ZONE), LocalDays(ZONE)
    print(f"{'':38}{'binary':>10}{'structured':>12}   µs per event")
    for kind in KINDS:
        line = [microseconds(inbound.decode_many, lambda k=kind, m=m: fresh(k, m)) for m in ("binary", "structured")]
        print(f"{kind:38}{line[0]:10.2f}{line[1]:12.2f}")
    rows: list[tuple[str, Any, Callable[[str], list[FakeRecord]]]] = [
        ("repaid, decode() one by one", each(inbound.decode), lambda mode: fresh("repaid", mode)),
        ("repaid, time in milliseconds", inbound.decode_many, lambda mode: fresh("repaid", mode, ".123")),
        ("repaid, by the judge alone", each(lambda r: judge(r, r.topic, days)), lambda mode: fresh("repaid", mode)),
        ("repaid, refused for its key", each(inbound.decode), lambda mode: spoiled(fresh("repaid", mode))),
    ]
    for name, run, make in rows:
        line = [microseconds(run, lambda m=m, make=make: make(m)) for m in ("binary", "structured")]
        print(f"{name:38}{line[0]:10.2f}{line[1]:12.2f}")


if __name__ == "__main__":
    main()
