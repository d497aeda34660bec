"""Plain Faust agents with a table, as its documentation shows."""

from __future__ import annotations

import sys

import faust
from core import arguments, disburse, repay

given = arguments()
settings = given.settings
app = faust.App(
    given.app,
    broker=f"kafka://{given.bootstrap}",
    store=settings.get("store", "memory://"),
    datadir=settings.get("directory", "faust-data"),
    topic_partitions=int(settings.get("partitions", 4)),
    topic_replication_factor=1,
    consumer_auto_offset_reset="earliest",
)
disbursements = app.topic(given.disbursements, key_type=str)
repayments = app.topic(given.repayments, key_type=str)
alerts = app.topic(given.alerts, key_type=str)
loans = app.Table("loans", partitions=int(settings.get("partitions", 4)))
meter = given.meter()


def event_id(event: faust.EventT) -> str:
    return dict(event.headers)["ce_id"].decode()


@app.agent(disbursements)
async def on_disbursed(stream: faust.StreamT) -> None:
    async for event in stream.events():
        data = event.value
        loans[data["loan_id"]], alert = disburse(data, event_id(event), given.as_of)
        if alert:
            await alerts.send(key=data["loan_id"], value=alert)
        meter.disbursed()


@app.agent(repayments)
async def on_repaid(stream: faust.StreamT) -> None:
    async for event in stream.events():
        data = event.value
        state = loans.get(data["loan_id"])
        if state is None:
            meter.loan_unknown()
        else:
            changed, alert = repay(state, data, event_id(event), given.as_of)
            if alert:
                await alerts.send(key=data["loan_id"], value=alert)
            if changed:
                loans[data["loan_id"]] = state
        meter.repaid()


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "-l", "warn", "--without-web"]
    app.main()
