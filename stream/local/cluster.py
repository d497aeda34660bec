"""A cluster of Apache Kafka brokers on this machine: each is broker and controller (KRaft), every record is on all.

with Cluster.temporary() as cluster:
    print(cluster.bootstrap)
    cluster.controller().kill()
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from stream.local.broker import Broker
from stream.local.kraft import new_cluster_id
from stream.local.ports import free_port
from stream.local.progress import BrokerError

SETTINGS = """
node.id={number}
controller.quorum.voters={voters}
default.replication.factor={copies}
min.insync.replicas={least}
offsets.topic.replication.factor={copies}
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={least}
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={least}
unclean.leader.election.enable=false
replica.lag.time.max.ms=5000
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
"""
QUORUM = Path("data") / "__cluster_metadata-0" / "quorum-state"
"""Where a node writes down whom it takes for the controller."""


class Cluster:
    """Three brokers by default: with one of them gone, everything goes on; with two, nothing is acknowledged."""

    def __init__(self, folder: Path, *, nodes: int = 3, heap: str = "384m") -> None:
        """Name a cluster; nothing is started."""
        self.folder = folder
        ports = [free_port() for _ in range(nodes)]
        voters = ",".join(f"{number}@127.0.0.1:{port}" for number, port in enumerate(ports, 1))
        values = {"voters": voters, "copies": nodes, "least": nodes // 2 + 1}
        cluster_id = new_cluster_id()
        self.brokers = tuple(
            Broker(
                folder / f"node-{number}",
                port=free_port(),
                controller_port=port,
                heap=heap,
                more=SETTINGS.format(number=number, **values),
                cluster_id=cluster_id,
            )
            for number, port in enumerate(ports, 1)
        )

    @classmethod
    def temporary(cls, *, nodes: int = 3, heap: str = "384m") -> Cluster:
        """A cluster in a new temporary folder, which `close` removes."""
        return cls(Path(tempfile.mkdtemp(prefix="overdue-cluster-")), nodes=nodes, heap=heap)

    @property
    def bootstrap(self) -> str:
        """The addresses for clients."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    def start(self, brokers: Iterable[Broker] = ()) -> str:
        """Start these brokers, or all, at the same time: none answers before there is a majority.

        Raises BrokerError.
        """
        chosen = list(brokers) or list(self.brokers)
        with ThreadPoolExecutor(len(chosen)) as pool:
            for started in [pool.submit(broker.start) for broker in chosen]:
                started.result()
        return self.bootstrap

    def controller(self) -> Broker:
        """The broker that is the active controller, by what the nodes have written down last.

        Raises BrokerError where none has written anything.
        """
        said = [found for broker in self.brokers if (found := _quorum(broker))]
        if not said:
            raise BrokerError("No node knows a controller yet: start the cluster.")
        _, number = max(said)
        return self.brokers[number - 1]

    def close(self) -> None:
        """Stop all brokers and remove their folders."""
        with ThreadPoolExecutor(len(self.brokers)) as pool:
            list(pool.map(Broker.close, self.brokers))
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _quorum(broker: Broker) -> tuple[int, int] | None:
    """Epoch and number of the controller that a node knows; None: it knows none."""
    try:
        state = json.loads((broker.folder / QUORUM).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    epoch, leader = state.get("leaderEpoch", -1), state.get("leaderId", -1)
    return (epoch, leader) if leader > 0 else None
