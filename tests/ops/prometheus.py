"""A real Prometheus for a test: the rules of deploy/, a scrape each second, a history where one is needed."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from stream.local.ports import free_port
from tests.ops.tools import need

RULES = Path("deploy/prometheus")
SECONDS = 60.0


class Prometheus:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its HTTP interface."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def series(self, query: str) -> list[Any]:
        """What a query gives now."""
        found: list[Any] = self.ask("query", query=query)["result"]
        return found

    def firing(self) -> set[str]:
        """Names of the alerts that fire."""
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}


def wait(holds: Callable[[], bool], what: str, seconds: float = SECONDS) -> float:
    """Look until it holds; how long that took."""
    began = time.monotonic()
    while True:
        try:
            if holds():
                took = time.monotonic() - began
                print(f"{took:5.1f} s until {what}")
                return took
        except OSError:
            pass
        assert time.monotonic() - began < seconds, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)


def rule_files(folder: Path, change: Callable[[dict[str, Any]], None] = lambda rule: None) -> list[str]:
    """The rules, evaluated every second; `change` may shorten one."""
    paths = []
    for name in ("recording.yml", "alerts.yml"):
        content = yaml.safe_load((RULES / name).read_text())
        for group in content["groups"]:
            group.pop("interval", None)
            for rule in group["rules"]:
                change(rule)
        path = folder / name
        path.write_text(yaml.safe_dump(content))
        paths.append(str(path))
    return paths


@contextmanager
def prometheus(
    folder: Path,
    targets: list[str],
    change: Callable[[dict[str, Any]], None] = lambda rule: None,
    history: str = "",
) -> Iterator[Prometheus]:
    """A server that scrapes these addresses; `history`: samples in OpenMetrics that it has already."""
    port = free_port()
    (folder / "prometheus.json").write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": rule_files(folder, change),
                "scrape_configs": [{"job_name": "overdue", "static_configs": [{"targets": targets}]}],
            }
        )
    )
    data = folder / "data"
    if history:
        (folder / "history.om").write_text(history)
        command = [need("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(folder / "history.om"), str(data)]
        subprocess.run(command, check=True, capture_output=True)
    command = [
        need("prometheus"),
        f"--config.file={folder / 'prometheus.json'}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=60d",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        server = Prometheus(port)
        wait(lambda: bool(server.ask("targets")["activeTargets"]), "Prometheus answers")
        yield server
    finally:
        running.terminate()
        running.wait(20)
