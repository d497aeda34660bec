"""Quix Streams with its RocksDB state."""

from __future__ import annotations

from core import arguments, disburse, repay
from quixstreams import Application

given = arguments()
settings = given.settings
options: dict = {}
if "poll" in settings:
    options["consumer_poll_timeout"] = float(settings["poll"])
if "linger" in settings:
    options["producer_extra_config"] = {"linger.ms": int(settings["linger"])}
app = Application(
    broker_address=given.bootstrap,
    consumer_group=given.app,
    auto_offset_reset="earliest",
    state_dir=settings.get("directory", "quix-state"),
    processing_guarantee=settings.get("guarantee", "exactly-once"),
    commit_interval=float(settings.get("commit", 5.0)),
    **options,
)
disbursements = app.topic(given.disbursements, key_deserializer="str", value_deserializer="json")
repayments = app.topic(given.repayments, key_deserializer="str", value_deserializer="json")
alerts = app.topic(given.alerts, key_serializer="str", value_serializer="json")
meter = given.meter()


def event_id(headers: list) -> str:
    return dict(headers)["ce_id"].decode()


def step(data: dict, key: str, timestamp: int, headers: list, store) -> list[dict]:
    if "schedule" in data:
        state, alert = disburse(data, event_id(headers), given.as_of)
        store.set("loan", state)
        meter.disbursed()
        return [alert] if alert else []
    state, alert = store.get("loan"), None
    if state is None:
        meter.loan_unknown()
    else:
        changed, alert = repay(state, data, event_id(headers), given.as_of)
        if changed:
            store.set("loan", state)
    meter.repaid()
    return [alert] if alert else []


both = app.dataframe(disbursements).concat(app.dataframe(repayments))
both.apply(step, stateful=True, expand=True, metadata=True).to_topic(alerts)

if __name__ == "__main__":
    app.run()
