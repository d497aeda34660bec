"""The files of a KRaft broker, alone or one of a cluster: its configuration, and the formatted folder."""

from __future__ import annotations

import base64
import subprocess
import uuid
from pathlib import Path

from stream.local.progress import BrokerError

LOG4J = """\
<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN" shutdownHook="disable">
  <Appenders>
    <RollingFile name="file" fileName="broker.log" filePattern="broker.log.%i">
      <PatternLayout pattern="%d{ISO8601} %p %c{1} %m%n"/>
      <Policies><SizeBasedTriggeringPolicy size="10 MB"/></Policies>
      <DefaultRolloverStrategy max="3"/>
    </RollingFile>
  </Appenders>
  <Loggers>
    <!-- After a hard stop these two say the same thing a hundred times a millisecond and roll the causes away. -->
    <Logger name="org.apache.kafka.coordinator.transaction.TransactionMarkerRequestCompletionHandler" level="WARN"/>
    <Logger name="kafka.coordinator.transaction.TransactionMarkerRequestCompletionHandler" level="WARN"/>
    <Logger name="org.apache.kafka.storage.internals.log.ProducerAppendInfo" level="WARN"/>
    <Root level="INFO"><AppenderRef ref="file"/></Root>
  </Loggers>
</Configuration>
"""

SETTINGS = """\
# Written by overdue at each start: changes are lost.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data

# Topics are made on purpose, with the layout that the worker checks; there is one broker to keep them.
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1

# A group of one machine: members join at once, and a dead one may be noticed quickly.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000

# Records carry the time of their event, which for a sample or a replay is long past: by Kafka's defaults they would
# roll a segment for each week and be deleted within minutes.
log.retention.ms=-1
log.roll.hours=87600

# After `kill -9` the broker may come back once the controller has given up its former self: soon, not after 9 s.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300

# Small: a laptop's share.
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
"""


def write_files(folder: Path, port: int, controller_port: int, more: str = "") -> None:
    """Write the configuration of a broker in this folder, on these ports of the loopback address.

    `more`: lines added at the end, where they take the place of ours of the same name; {port} and {controller_port}
    in them are filled in.
    """
    settings = (SETTINGS + more).format(port=port, controller_port=controller_port, folder=folder)
    (folder / "server.properties").write_text(settings, encoding="utf-8")
    (folder / "log4j2.xml").write_text(LOG4J, encoding="utf-8")


def java_command(java: str, jars: Path, heap: str, folder: Path) -> list[str]:
    """The command that runs the broker of this folder; Kafka's own choice of garbage collector and pauses."""
    return [
        java,
        f"-Xmx{heap}",
        "-Xms256m",
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=20",
        "-XX:InitiatingHeapOccupancyPercent=35",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        "-Dlog4j2.configurationFile=log4j2.xml",
        "-cp",
        f"{jars}/*",
        "kafka.Kafka",
        str(folder / "server.properties"),
    ]


def is_formatted(folder: Path) -> bool:
    """Whether the data folder is ready for a broker."""
    return (folder / "data" / "meta.properties").exists()


def new_cluster_id() -> str:
    """An id as Kafka makes them."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def format_folder(java: str, jars: Path, folder: Path, cluster_id: str = "") -> None:
    """Make the data folder of a cluster, by default a new one; takes half a second.

    Raises BrokerError with what Kafka says.
    """
    options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dlog4j2.configurationFile=log4j2.xml"]
    cluster = cluster_id or new_cluster_id()
    tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", "server.properties"]
    command = [java, *options, "-cp", f"{jars}/*", *tool]
    answer = subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise BrokerError(f"Kafka could not format {folder}: {(answer.stdout + answer.stderr).strip()[-800:]}")
