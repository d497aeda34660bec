"""What a broker's folder remembers of its process, so that any other process can find it."""

from __future__ import annotations

import json
from pathlib import Path

from stream.local import process
from stream.local.process import Identity


class BrokerState:
    """A small file: the number and starting time of the broker's process, and its port."""

    def __init__(self, path: Path) -> None:
        """The file need not exist."""
        self._path = path

    def identity(self) -> Identity | None:
        """The broker's process; None: it does not run. A process that got its number later is not taken for it."""
        content = self._read()
        pid, started = content.get("pid"), content.get("started")
        if not isinstance(pid, int) or not isinstance(started, str):
            return None
        identity = Identity(pid, started)
        return identity if process.is_alive(identity) else None

    def port(self) -> int:
        """The port of the last start; 0: there was none."""
        port = self._read().get("port")
        return port if isinstance(port, int) else 0

    def write(self, identity: Identity, port: int) -> None:
        """Remember a process that was started."""
        temporary = self._path.with_suffix(".part")
        temporary.write_text(json.dumps({**identity._asdict(), "port": port}), encoding="utf-8")
        temporary.replace(self._path)

    def _read(self) -> dict[str, object]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
