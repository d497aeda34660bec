"""TLS, mutual TLS, SCRAM and rights on a real broker: what is right works, what is wrong is named, nothing leaks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from stream.cli import worker
from stream.cli.app import run
from stream.local.ports import free_port
from stream.rights import PAGE, Right, page, rights
from tests import stories
from tests.conftest import need_a_local_broker
from tests.ops.security import PASSWORD, Authority, SecureBroker, secure_broker

pytestmark = pytest.mark.kafka
SECONDS = 30.0
"""Within which every refusal must be told."""
Environment = dict[str, str]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker that wants to know who comes; topics of the default names are made by the operator."""
    need_a_local_broker()
    folder = tmp_path_factory.mktemp("secure")
    with secure_broker(folder) as running:
        for role in ("operator", "worker", "producer", "consumer"):
            running.user(f"overdue-{role}")
            running.grant(f"overdue-{role}", rights(role, "", "overdue"))  # type: ignore[arg-type]
        operator = running.environment(folder, "overdue-operator", OVERDUE_PARTITIONS="2")
        made = overdue("topics", "apply", environment=operator)
        assert made.returncode == 0, made.stderr
        yield running


def overdue(*arguments: str, environment: Environment) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_each_role_can_do_its_part_and_no_secret_leaks(broker: SecureBroker, tmp_path: Path) -> None:
    """Worker, producer and consumer with exactly their rights: an alert comes out, the password nowhere."""
    port = free_port()
    common = {"OVERDUE_PARTITIONS": "2", "OVERDUE_LOG_LEVEL": "debug", "OVERDUE_DATA_DIRECTORY": str(tmp_path / "f")}
    lender = broker.environment(tmp_path, "overdue-worker", **common, OVERDUE_METRICS_PORT=str(port))
    file = tmp_path / "loan.ndjson"
    file.write_text(json.dumps(a_loan()) + "\n")
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-m", "stream.cli", "worker"], env=lender, stderr=out, stdout=out)
    try:
        published = overdue(
            "publish",
            str(file),
            "--open-days",
            "--until",
            "2026-02-03",
            environment=broker.environment(tmp_path, "overdue-producer"),
        )
        assert published.returncode == 0, published.stderr
        consumer = broker.environment(tmp_path, "overdue-consumer")
        seen = overdue("watch", "--from-beginning", "--json", "--count", "1", environment=consumer)
        assert json.loads(seen.stdout)["data"]["loan_id"] == "L1", seen.stderr
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            metrics = answer.read().decode()
    finally:
        running.terminate()
        running.wait(30)
    restored = [float(seconds) for seconds in re.findall(r"records in (\S+) s", log.read_text())]
    assert restored
    assert max(restored) < 15  # a closing TLS connection is not waited for: 30 s each time, by default
    checked = overdue("doctor", environment=lender)
    assert checked.returncode == 0, checked.stdout
    shown = overdue("config", "show", environment=lender)
    for text in (log.read_text(), metrics, published.stderr, seen.stderr, checked.stdout, checked.stderr, shown.stdout):
        assert PASSWORD not in text
    assert "OVERDUE_SASL_USERNAME=overdue-worker  # environment" in shown.stdout


def a_loan() -> dict[str, object]:
    """100 due on 2026-02-01."""
    return stories.event(
        "loan.disbursed",
        "d-1",
        stories.at(date(2026, 1, 5)),
        {
            "loan_id": "L1",
            "borrower_id": "B1",
            "product": "cash",
            "segment": "retail",
            "currency": "CNY",
            "principal": 100,
            "disbursement_date": "2026-01-05",
            "annual_rate": "0",
            "schedule": [stories.an_installment(1, date(2026, 2, 1), 100)],
        },
    )


def test_a_certificate_of_ours_is_a_login(broker: SecureBroker, tmp_path: Path) -> None:
    """Mutual TLS: the certificate's name is the user, with the rights that it has been granted."""
    certificate, key = broker.authority.issue("risk-desk")
    broker.grant("CN=risk-desk", rights("consumer", "", "overdue"))
    mutual = {
        "OVERDUE_BROKERS": broker.mutual,
        "OVERDUE_SECURITY_PROTOCOL": "SSL",
        "OVERDUE_SSL_CERTIFICATE_FILE": str(certificate),
        "OVERDUE_SSL_KEY_FILE": str(key),
    }
    environment = broker.environment(tmp_path, "nobody", **mutual)
    assert "dead letters" in overdue("dlq", "list", environment=environment).stderr
    refused = overdue("tick", "2026-02-02", environment=environment)
    assert refused.returncode != 0
    assert "Topics are missing" in refused.stderr or "refused" in refused.stderr


def wrong_password(broker: SecureBroker, environment: Environment, folder: Path) -> Environment:
    file = folder / "wrong"
    file.write_text("not-" + PASSWORD)
    file.chmod(0o600)
    return {"OVERDUE_SASL_PASSWORD_FILE": str(file)}


def another_authority(broker: SecureBroker, environment: Environment, folder: Path) -> Environment:
    return {"OVERDUE_SSL_CA_FILE": str(Authority(folder / "other", "another authority").file)}


def another_host_name(broker: SecureBroker, environment: Environment, folder: Path) -> Environment:
    return {"OVERDUE_BROKERS": broker.tls_login.replace("127.0.0.1", "localhost")}


def an_expired_certificate(broker: SecureBroker, environment: Environment, folder: Path) -> Environment:
    return {"OVERDUE_BROKERS": broker.expired}


def without(resource: str, name: str) -> Callable[[SecureBroker, Environment, Path], Environment]:
    """A worker's user without one of its rights."""

    def change(broker: SecureBroker, environment: Environment, folder: Path) -> Environment:
        user = f"lacks-{name}"
        broker.user(user)
        broker.grant(user, [right for right in rights("worker", "", "overdue") if not _is(right, resource, name)])
        return {"OVERDUE_SASL_USERNAME": user}

    return change


def _is(right: Right, resource: str, name: str) -> bool:
    return (right.resource, right.name) == (resource, name)


WRONG: dict[str, tuple[Callable[[SecureBroker, Environment, Path], Environment], str]] = {
    "password": (wrong_password, "refuses the login of 'overdue-worker'"),
    "authority": (another_authority, "not signed by an authority that is trusted here"),
    "host name": (another_host_name, "certificate is not for localhost"),
    "expired": (an_expired_certificate, "the broker's certificate has expired"),
    "no right to an input": (
        without("topic", "loans.repayments"),
        "no right to Read and Describe on the topic loans.repayments",
    ),
    "no right to the alerts": (
        without("topic", "loans.overdue"),
        "no right to Write and Describe on the topic loans.overdue",
    ),
    "no right to the dead letters": (
        without("topic", "dead-letters"),
        "no right to Write and Describe on the topic dead-letters",
    ),
    "no right to the group": (without("group", "overdue"), "no right to Read and Describe on the group overdue"),
    "no right to the changelog": (
        without("topic", "overdue-loans-changelog"),
        "no right to Create and Read and Write and Describe on the topic overdue-loans-changelog",
    ),
    "no right to transactions": (
        without("transactional-id", "overdue-"),
        "no right to Write and Describe on the transactional-id overdue-*",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_by_the_worker_and_by_doctor(
    name: str,
    broker: SecureBroker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Ten cases: within 30 s the worker ends with a sentence that names the cause, doctor says the same, no secret.

    In this process, which a worker that begins in spite of it would not leave alive.
    """
    change, sentence = WRONG[name]
    environment = broker.environment(tmp_path, "overdue-worker", OVERDUE_PARTITIONS="2")
    for variable, value in (environment | change(broker, environment, tmp_path)).items():
        if variable.startswith("OVERDUE_"):
            monkeypatch.setenv(variable, value)
    monkeypatch.setattr(worker, "_serve", _it_begins)
    for command in ("worker", "doctor"):
        began = time.monotonic()
        assert run([command]) == 1
        assert time.monotonic() - began < SECONDS
        shown = capfd.readouterr()
        said = shown.err if command == "worker" else shown.out
        assert sentence in " ".join(said.split()), shown
        assert PASSWORD not in shown.out + shown.err
        assert "Traceback" not in shown.out + shown.err


def _it_begins(*_: object) -> None:
    raise AssertionError("the worker has found nothing wrong")


def test_the_page_of_rights_is_current() -> None:
    """deploy/acls.md is what `python -m stream.rights` would write."""
    assert Path(PAGE).read_text("utf-8") == page()
