"""A network that is cut: each worker talks to the broker through a proxy on the loopback address that can fall silent.

Not network namespaces: a proxy needs no rights, and to the two ends a silent one is what a cut is, bytes that do not
arrive and come later, when the network is whole again.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Condition, Thread

LOOPBACK = "127.0.0.1"
TO_BROKER, TO_WORKER = "to the broker", "to the worker"
CHUNK = 1 << 16


class Proxy:
    """Listens on a port and passes on, both ways, what is not held back."""

    def __init__(self, port: int, target: int) -> None:
        """Listen, on a free port where it is 0; connections are made when they are asked for."""
        self._held: set[str] = set()
        self._changed = Condition()
        self._target = target
        self._listener = socket.create_server((LOOPBACK, port))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()

    def hold(self, *ways: str) -> None:
        """From now on nothing passes in these ways; new connections are taken, and hear nothing."""
        with self._changed:
            self._held = set(ways)
            self._changed.notify_all()

    def heal(self) -> None:
        """Everything passes again, what was held back first."""
        self.hold()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                worker, _ = self._listener.accept()
                try:
                    broker = socket.create_connection((LOOPBACK, self._target), timeout=5)
                except OSError:
                    worker.close()
                    continue
                broker.settimeout(None)
                for source, sink, way in ((worker, broker, TO_BROKER), (broker, worker, TO_WORKER)):
                    Thread(target=self._pass, args=(source, sink, way), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK):
                with self._changed:
                    self._changed.wait_for(lambda: way not in self._held)
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Network:
    """One proxy for each worker, and the broker's configuration that makes workers stay on their proxy."""

    def __init__(self, workers: int) -> None:
        """Choose ports; nothing listens yet."""
        ports = [_free() for _ in range(2 * workers)]
        self._listeners, self._proxies = ports[:workers], ports[workers:]
        self.proxies: list[Proxy] = []

    @property
    def settings(self) -> str:
        """Lines of the broker's configuration: a listener for each worker, known under its proxy's address."""
        names = [f"WORKER{number}" for number in range(len(self._listeners))]
        listeners = [f"{name}://{LOOPBACK}:{port}" for name, port in zip(names, self._listeners, strict=True)]
        advertised = [f"{name}://{LOOPBACK}:{port}" for name, port in zip(names, self._proxies, strict=True)]
        usual = f"PLAINTEXT://{LOOPBACK}:{{port}}"
        protocols = ",".join(f"{name}:PLAINTEXT" for name in ["PLAINTEXT", "CONTROLLER", *names])
        return (
            f"listeners={usual},CONTROLLER://{LOOPBACK}:{{controller_port}},{','.join(listeners)}\n"
            f"advertised.listeners={usual},{','.join(advertised)}\n"
            f"listener.security.protocol.map={protocols}\n"
            "inter.broker.listener.name=PLAINTEXT\n"
        )

    @property
    def ways(self) -> list[str]:
        """The address of each worker's proxy."""
        return [f"{LOOPBACK}:{port}" for port in self._proxies]

    def open(self) -> None:
        """The proxies listen."""
        self.proxies = [Proxy(proxy, port) for proxy, port in zip(self._proxies, self._listeners, strict=True)]

    def close(self) -> None:
        """They do not any more."""
        for proxy in self.proxies:
            proxy.heal()
            proxy.close()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
