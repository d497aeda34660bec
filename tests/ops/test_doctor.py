"""`overdue doctor` and `config`: every reason at once, each with its remedy; no secret; nothing changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from stream.cli.app import run
from stream.cli.config import text_of
from stream.settings import FILE_VARIABLE, PREFIX, Settings

NOBODY = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def findings(capfd: pytest.CaptureFixture[str], *arguments: str, status: int) -> list[dict[str, str]]:
    """What doctor finds."""
    assert run(["doctor", "--json", *arguments]) == status
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def faults(found: list[dict[str, str]]) -> list[str]:
    """What is wrong, with what to do."""
    return [finding["said"] for finding in found if finding["state"] == "fault"]


def test_everything_wrong_is_told_at_once(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A wrong policy, a missing password file and a missing authority: three faults in one run."""
    policy = tmp_path / "policy.toml"
    policy.write_text("[products.default]\ngrace_dayz = 3\n")
    monkeypatch.setenv("OVERDUE_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("OVERDUE_SASL_USERNAME", "me")
    monkeypatch.setenv("OVERDUE_SASL_PASSWORD_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("OVERDUE_SSL_CA_FILE", str(tmp_path / "neither"))
    found = faults(findings(capfd, "--policy", str(policy), status=1))
    assert len(found) == 3
    assert "grace_dayz" in found[0]
    assert "OVERDUE_SASL_PASSWORD_FILE" in found[1]
    assert "OVERDUE_SSL_CA_FILE" in found[2]


@pytest.mark.parametrize(
    ("brokers", "sentence"),
    [
        (NOBODY, "127.0.0.1:1: nothing listens there"),
        ("no-such-host.invalid:9092", "no-such-host.invalid:9092: there is no host no-such-host.invalid"),
        (f"{NOBODY},no-such-host.invalid:9092", "there is no host"),
    ],
)
def test_an_address_that_cannot_be_reached_says_why(
    capfd: pytest.CaptureFixture[str], brokers: str, sentence: str
) -> None:
    """Each address with its own reason."""
    found = faults(findings(capfd, "--brokers", brokers, status=1))
    assert sentence in found[-1]
    assert len(found) == brokers.count(",") + 1


def test_a_policy_that_cannot_tell_par_30_is_noted(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Buckets that begin at 30 instead of 31: a note, no fault."""
    policy = tmp_path / "policy.toml"
    policy.write_text('[products.default]\nbuckets = [{ code = "B1", min_days = 1, max_days = 29 }]\n')
    found = findings(capfd, "--policy", str(policy), "--brokers", NOBODY, status=1)
    (note,) = [finding for finding in found if finding["state"] == "note" and finding["about"] == "policy"]
    assert "PAR 30" in note["said"]


def test_every_setting_error_names_the_variable_and_the_nearest(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt variable and a wrong value, as doctor and config show tell them."""
    monkeypatch.setenv("OVERDUE_TOPIC_PREFX", "x")
    for command in (["doctor"], ["config", "show"], ["worker"]):
        assert run(command) == 2
        captured = capfd.readouterr()
        assert "OVERDUE_TOPIC_PREFX is not a setting; did you mean OVERDUE_TOPIC_PREFIX?" in captured.out + captured.err
    monkeypatch.delenv("OVERDUE_TOPIC_PREFX")
    monkeypatch.setenv("OVERDUE_MAX_BATCH", "0")
    assert run(["config", "show"]) == 2
    assert "OVERDUE_MAX_BATCH" in capfd.readouterr().err


def test_config_shows_each_value_with_its_source(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Environment over file over default; every setting is shown with what it means."""
    file = tmp_path / "overdue.toml"
    file.write_text('topic_prefix = "file."\nmax_batch = 5\n')
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    monkeypatch.setenv("OVERDUE_MAX_BATCH", "7")
    assert run(["config", "show", "--json"]) == 0
    shown = {line["variable"]: line for line in map(json.loads, capfd.readouterr().out.splitlines())}
    assert shown.keys() == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert (shown["OVERDUE_TOPIC_PREFIX"]["value"], shown["OVERDUE_TOPIC_PREFIX"]["source"]) == (
        "file.",
        f"file {file}",
    )
    assert (shown["OVERDUE_MAX_BATCH"]["value"], shown["OVERDUE_MAX_BATCH"]["source"]) == ("7", "environment")
    assert shown["OVERDUE_APP_ID"]["source"] == "default"
    assert all(line["meaning"] for line in shown.values())


def test_no_secret_is_shown(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials in the address are refused without being repeated; a password file is shown by its name only."""
    monkeypatch.setenv("OVERDUE_BROKERS", "me:canary-secret@host:9092")
    assert run(["config", "show"]) == 2
    captured = capfd.readouterr()
    assert "OVERDUE_BROKERS" in captured.err
    assert "must not hold a user or password" in captured.err
    assert "canary-secret" not in captured.out + captured.err
    monkeypatch.setenv("OVERDUE_BROKERS", NOBODY)
    secret = tmp_path / "password"
    secret.write_text("canary-secret")
    monkeypatch.setenv("OVERDUE_SASL_PASSWORD_FILE", str(secret))
    assert run(["config", "show"]) == 0
    captured = capfd.readouterr()
    assert str(secret) in captured.out
    assert "canary-secret" not in captured.out + captured.err


def test_a_setting_that_is_a_secret_would_be_masked() -> None:
    """A setting that its name says to be a secret is not shown, a file's name is; there is one of them."""
    assert text_of("sasl_password", "canary-secret") == "***"
    assert text_of("sasl_password_file", Path("/run/p")) == "/run/p"
    assert [name for name in Settings.model_fields if text_of(name, "x") == "***"] == ["query_token"]


def test_topics_and_producers_are_looked_at(
    kafka_bootstrap: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing topics are faults with a remedy; made, all is well; a producer on the wrong partition is named."""
    import asyncio

    monkeypatch.setenv("OVERDUE_TOPIC_PREFIX", "doctor.")
    monkeypatch.setenv("OVERDUE_APP_ID", "doctor")
    monkeypatch.setenv("OVERDUE_PARTITIONS", "4")
    here = ("--brokers", kafka_bootstrap)
    found = faults(findings(capfd, *here, status=1))
    assert "doctor.loans.repayments: make it, with 4 partitions; overdue topics apply" in found
    assert run(["topics", "apply", *here]) == 0
    capfd.readouterr()
    assert faults(findings(capfd, *here, status=0)) == []

    async def misroute() -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
            for partition in range(4):  # one of the four is the right one
                headers = [("ce_source", b"urn:old-gateway")]
                await producer.send_and_wait(
                    "doctor.loans.repayments", b"{}", key=b"L1", partition=partition, headers=headers
                )

    asyncio.run(misroute())
    (fault,) = faults(findings(capfd, *here, status=1))
    assert "urn:old-gateway sent 3 of its latest 4 records on doctor.loans.repayments to another partition" in fault
    assert "murmur2_random" in fault
    assert faults(findings(capfd, *here, "--no-producers", status=0)) == []
