"""Settings: the environment wins over the file, mistakes are named, secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.settings import SettingsError, read_settings


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
        ("OVERDUE_SECURITY_PROTOCOL", "SASL_SSL", "sasl_username"),
        ("OVERDUE_SETTINGS_FILE", "/nowhere.toml", "no file"),
    ],
)
def test_a_mistake_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    """A wrong or unknown variable is an error that names it, never ignored, and never shows the value."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_password_comes_from_a_file_and_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The password is read from its file, and does not appear when settings are printed."""
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    settings = read_settings(security_protocol="SASL_SSL", sasl_username="worker", sasl_password_file=file)
    password = settings.password()
    assert password is not None
    assert password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings) + repr(password)
