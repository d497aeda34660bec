"""Settings: the environment wins over the file, mistakes are named, secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.settings import Settings, SettingsError, read_settings


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Argument over environment over file over default."""
    file = tmp_path / "worker.toml"
    file.write_text('partitions = 3\nmax_batch = 5\napp_id = "file"')
    monkeypatch.setenv("OVERDUE_SETTINGS_FILE", str(file))
    monkeypatch.setenv("OVERDUE_MAX_BATCH", "7")
    settings = read_settings(app_id="argument")
    assert (settings.partitions, settings.max_batch, settings.app_id) == (3, 7, "argument")
    assert settings.brokers == "127.0.0.1:9092"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("OVERDUE_BROKER", "x:1", "did you mean OVERDUE_BROKERS"),
        ("OVERDUE_BROKERS", "user:secret@host:9092", "OVERDUE_BROKERS"),
        ("OVERDUE_PARTITIONS", "0", "OVERDUE_PARTITIONS"),
        ("OVERDUE_CLOCK", "sun", "OVERDUE_CLOCK"),
        ("OVERDUE_SETTINGS_FILE", "/nowhere.toml", "no file"),
        ("OVERDUE_PARTITIONS", "0", "OVERDUE_PARTITIONS: must be 1 to 1000; the nearest is 1"),
        ("OVERDUE_PARTITIONS", "secret", "OVERDUE_PARTITIONS: must be a whole number, 1 to 1000"),
        ("OVERDUE_BORROWERS_PER_TRANSACTION", "2000000", "must be 1 to 1000000; the nearest is 1000000"),
        ("OVERDUE_STALL_TIMEOUT_SECONDS", "1", "OVERDUE_STALL_TIMEOUT_SECONDS: must be 5 to 3600; the nearest is 5"),
        (
            "OVERDUE_LOG_LEVEL",
            "Warn",
            "OVERDUE_LOG_LEVEL: must be debug, info, warning or error; did you mean warning?",
        ),
        ("OVERDUE_SASL_MECHANISM", "scram-sha512", "did you mean SCRAM-SHA-512?"),
        ("OVERDUE_TRACING", "secret", "OVERDUE_TRACING: must be true or false"),
        (
            "OVERDUE_BROKERS",
            "secret",
            "OVERDUE_BROKERS: has not the form that it must have (host:port, comma separated)",
        ),
        ("OVERDUE_QUERY_URL", "ftp://secret", "for example http://"),
        ("OVERDUE_QUERY_TOKEN", "secret", "OVERDUE_QUERY_TOKEN: must have at least 16 characters"),
        ("OVERDUE_QUERY_PORT", "9465", "OVERDUE_QUERY_TOKEN_FILE (or OVERDUE_QUERY_TOKEN): is needed where"),
        ("OVERDUE_SECURITY_PROTOCOL", "SASL_SSL", "OVERDUE_SASL_USERNAME and OVERDUE_SASL_PASSWORD_FILE"),
        ("OVERDUE_SSL_KEY_FILE", "/k", "OVERDUE_SSL_CERTIFICATE_FILE and OVERDUE_SSL_KEY_FILE: set both or none"),
    ],
)
def test_a_mistake_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    """A wrong or unknown variable is an error that names it, never ignored, and never shows the value."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)


def test_all_mistakes_are_named_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two misspelt variables, then two wrong values and a misspelt line of the file: all in one error."""
    monkeypatch.setenv("OVERDUE_BROKRS", "x:1")
    monkeypatch.setenv("OVERDUE_KLOCK", "wall")
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert "did you mean OVERDUE_BROKERS?" in str(refused.value)
    assert "did you mean OVERDUE_CLOCK?" in str(refused.value)
    monkeypatch.delenv("OVERDUE_BROKRS")
    monkeypatch.delenv("OVERDUE_KLOCK")
    file = tmp_path / "worker.toml"
    file.write_text('partitons = 3\nclock = "sun"\nmax_batch = 0\n')
    monkeypatch.setenv("OVERDUE_SETTINGS_FILE", str(file))
    with pytest.raises(SettingsError) as refused:
        read_settings()
    said = str(refused.value).splitlines()
    assert len(said) == 3
    assert "OVERDUE_PARTITONS is not a setting; did you mean OVERDUE_PARTITIONS?" in said
    file.write_text("partitions = = 3")
    with pytest.raises(SettingsError, match=r"OVERDUE_SETTINGS_FILE: .*worker.toml can't be read as TOML"):
        read_settings()


def test_every_setting_with_a_form_shows_an_example() -> None:
    """What must look like something says how; the example does look like it."""
    formed = [
        name for name, field in Settings.model_fields.items() if any(hasattr(m, "pattern") for m in field.metadata)
    ]
    assert formed
    for name in formed:
        (example,) = Settings.model_fields[name].examples or ()
        assert getattr(read_settings(**{name: example}), name) == example


def test_the_password_comes_from_a_file_and_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The password is read from its file, and does not appear when settings are printed."""
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    settings = read_settings(security_protocol="SASL_SSL", sasl_username="worker", sasl_password_file=file)
    password = settings.password()
    assert password is not None
    assert password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings) + repr(password)
