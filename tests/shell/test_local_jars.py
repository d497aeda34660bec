"""Java, Maven and the progress that its output tells."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stream.local import broker, jars
from stream.local.maven import MavenOutput, run
from stream.local.progress import BrokerError, Progress

FETCHED = "[INFO] Downloaded from mirror: scheme://host/org/apache/kafka/{name} (10 MB at 27 MB/s)\n"


def program(folder: Path, name: str, script: str) -> str:
    path = folder / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_progress_counts_kafka_s_jars_only() -> None:
    """Descriptions, Maven's plugin and its own parts are named, but only Kafka's jars are counted, each once."""
    output = MavenOutput(total=2)
    output.read(FETCHED.format(name="maven-dependency-plugin-3.6.1.jar"))
    output.read(FETCHED.format(name="kafka_2.13-4.3.1.pom"))
    assert (output.done, output.name) == (0, "kafka_2.13-4.3.1.pom")
    output.read(FETCHED.format(name="kafka_2.13-4.3.1.jar"))
    assert (output.done, output.name) == (1, "kafka_2.13-4.3.1.jar")
    output.read("[INFO] --- maven-dependency-plugin:3.6.1:copy-dependencies (default-cli) @ local-kafka ---\n")
    output.read(FETCHED.format(name="doxia-sink-api-1.11.1.jar"))
    assert output.done == 1
    for name in ("kafka_2.13-4.3.1.jar", "re2j-1.8.jar"):
        output.read(f"[INFO] Copying {name} to /cache/{name}\n")
    assert output.done == 2


def test_maven_s_failure_is_told_with_a_remedy(tmp_path: Path) -> None:
    """What Maven complains of comes through, with what to do next."""
    failing = program(tmp_path, "mvn", 'echo "[ERROR] Could not transfer artifact"; exit 1')
    with pytest.raises(BrokerError, match=r"Could not transfer artifact\n.*mirror in Maven's settings"):
        run([failing], 2, lambda _: None)


def test_silence_has_a_heartbeat(tmp_path: Path) -> None:
    """While Maven prints nothing, a sign of life still comes every second."""
    silent = program(tmp_path, "mvn", "sleep 2.5")
    told: list[Progress] = []
    run([silent], 2, told.append)
    assert len(told) >= 2
    assert told[-1].seconds > told[0].seconds


@pytest.mark.parametrize(
    ("said", "version"),
    [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_402"', 8), ('openjdk version "21" 2023', 21)],
)
def test_java_s_version(said: str, version: int, tmp_path: Path) -> None:
    """The main version is read from both ways of numbering Java."""
    assert jars.java_version(program(tmp_path, "java", f"echo '{said}' >&2")) == version


def test_old_java_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Java before 17 is as good as none."""
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin", "java", "echo 'openjdk version \"11.0.2\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert jars.java() is None
    sentence = broker.missing(tmp_path)
    assert sentence is not None
    assert "Java 17 or later and Maven are not on this machine" in sentence


def test_maven_is_not_needed_once_the_jars_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jars in the cache make Maven and the network unnecessary; an incomplete folder does not count."""
    monkeypatch.setattr(jars, "java", lambda: "java")
    monkeypatch.setattr(jars, "maven", lambda: None)
    folder = jars.jar_folder(tmp_path)
    folder.mkdir()
    for number in range(int(jars.pom_property("jar.count")) - 1):
        (folder / f"{number}.jar").touch()
    assert "Maven is not on this machine" in (broker.missing(tmp_path) or "")
    (folder / "last.jar").touch()
    assert broker.missing(tmp_path) is None
    assert jars.resolve(tmp_path) == folder


def test_the_pom_names_no_registry() -> None:
    """Where jars come from is Maven's own setting."""
    text = jars.POM.read_text()
    assert "<repositor" not in text
    assert "<pluginRepositor" not in text
