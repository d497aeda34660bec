"""Settings: the only reader of the environment. Each is `OVERDUE_<NAME>`, or a line of the file that
`OVERDUE_SETTINGS_FILE` names; the environment wins over the file, and both over the default."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from stream.settings_errors import sentence, unknown

PREFIX = "OVERDUE_"
FILE_VARIABLE = "OVERDUE_SETTINGS_FILE"
MIN_TOKEN_LENGTH = 16


class SettingsError(Exception):
    """A setting is wrong; the message names it and what it must be."""


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )

    # Kafka
    brokers: str = Field(
        default="127.0.0.1:9092",
        pattern=r"^[^\s/@,]+:\d+(,[^\s/@,]+:\d+)*$",
        description="host:port, comma separated",
        examples=["kafka-1:9092,kafka-2:9092"],
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="how to talk to the brokers"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="used with SASL_*"
    )
    sasl_username: str | None = Field(default=None, description="used with SASL_*")
    sasl_password_file: Path | None = Field(default=None, description="file that holds the password")
    ssl_ca_file: Path | None = Field(default=None, description="certificates that the brokers are trusted by")
    ssl_certificate_file: Path | None = Field(default=None, description="our certificate, for mutual TLS")
    ssl_key_file: Path | None = Field(default=None, description="its key")

    # topics
    app_id: str = Field(
        default="overdue",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        examples=["overdue"],
        description="consumer group, prefix of changelog and ids",
    )
    topic_prefix: str = Field(
        default="", pattern=r"^[A-Za-z0-9._-]{0,100}$", examples=["cn."], description="before every topic's name"
    )
    partitions: int = Field(default=12, ge=1, le=1_000, description="of every topic, for `topics apply`")
    replication: int = Field(default=1, ge=1, le=7, description="replication factor, for `topics apply`")

    # what is judged, and when
    policy_file: Path | None = Field(default=None, description="TOML; without it the shipped cn.toml")
    clock: Literal["wall", "topic"] = Field(
        default="topic", description="who opens business days: the worker itself, or an upstream system"
    )
    posting_lag_minutes: int = Field(
        default=30, ge=0, le=1_440, description="with clock=wall, minutes after midnight at which a day is opened"
    )
    clock_tolerance_minutes: int = Field(
        default=60,
        ge=1,
        le=720,
        description="with clock=wall, so far may a worker's clock be ahead of the broker's; else it opens no day",
    )
    source: str = Field(
        default="urn:overdue-stream",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9:/._~-]{0,127}$",
        examples=["urn:overdue-stream"],
        description="CloudEvents source of what is sent",
    )
    misrouted: Literal["reject", "count"] = Field(
        default="reject",
        description="events on another partition than murmur2 of their key: to the dead letters or not",
    )
    breaker_limit: int = Field(default=100, ge=2, le=100_000, description="rejects in a row that stop a partition")

    # the worker
    agents: Literal["both", "loans", "borrowers"] = Field(
        default="both", description="which agents it runs; split, each is a group of its own with its own state"
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="address of the metrics; 0.0.0.0 to be scraped from outside"
    )
    metrics_port: int = Field(default=9464, ge=0, le=65_535, description="port of the metrics; 0 chooses a free one")
    query_host: str = Field(
        default="127.0.0.1", description="address of the loan queries; 0.0.0.0 to be asked from outside"
    )
    query_port: int | None = Field(
        default=None, ge=0, le=65_535, description="port of the loan queries; 0 chooses a free one, none: no queries"
    )
    query_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/@]+/?$",
        examples=["http://10.0.0.7:9465"],
        description="where other workers say that its loans are; none: host and port",
    )
    query_token: SecretStr | None = Field(
        default=None, min_length=MIN_TOKEN_LENGTH, description="that a query must bear; better in query_token_file"
    )
    query_token_file: Path | None = Field(default=None, description="file that holds the token")
    accept_lost_input: bool = Field(
        default=False,
        description="for one start: go on at what Kafka has where events were deleted before they were processed",
    )
    max_batch: int = Field(default=16_000, ge=1, le=100_000, description="events in one transaction at most")
    borrowers_per_transaction: int = Field(
        default=4_000, ge=1, le=1_000_000, description="borrowers that one transaction looks at when a day opens"
    )
    session_timeout_seconds: float = Field(default=10.0, ge=1.0, le=300.0, description="a silent worker is replaced")
    transaction_timeout_seconds: float = Field(default=20.0, ge=1.0, le=900.0, description="of one Kafka transaction")
    stall_timeout_seconds: float = Field(default=120.0, ge=5.0, le=3_600.0, description="no progress: the worker ends")
    commit_slots: int | None = Field(default=None, ge=1, le=1_000, description="transactions at a time; none: by tasks")
    data_directory: Path | None = Field(default=None, description="Faust's; none: below the temporary one")
    tracing: bool = Field(
        default=False,
        description="spans by OTLP, to where OTEL_EXPORTER_OTLP_ENDPOINT says; needs the extra overdue-stream[tracing]",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="of the worker's log")

    @field_validator("brokers", mode="before")
    @classmethod
    def _no_credentials(cls, brokers: Any) -> Any:
        if isinstance(brokers, str) and "@" in brokers:
            raise ValueError(
                "must not hold a user or password; use OVERDUE_SASL_USERNAME and OVERDUE_SASL_PASSWORD_FILE"
            )
        return brokers

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.security_protocol.startswith("SASL") and (
            self.sasl_username is None or self.sasl_password_file is None
        ):
            raise ValueError(
                "OVERDUE_SASL_USERNAME and OVERDUE_SASL_PASSWORD_FILE: both are needed where OVERDUE_SECURITY_PROTOCOL "
                "is SASL_PLAINTEXT or SASL_SSL"
            )
        if (self.ssl_certificate_file is None) != (self.ssl_key_file is None):
            raise ValueError("OVERDUE_SSL_CERTIFICATE_FILE and OVERDUE_SSL_KEY_FILE: set both or none")
        if self.query_port is not None and self.query_token is None and self.query_token_file is None:
            raise ValueError(
                "OVERDUE_QUERY_TOKEN_FILE (or OVERDUE_QUERY_TOKEN): is needed where OVERDUE_QUERY_PORT is set; at "
                "least 16 characters"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        del dotenv_settings, file_secret_settings
        name = os.environ.get(FILE_VARIABLE)
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(name))) if name else sources

    def password(self) -> SecretStr | None:
        """The SASL password, read from its file."""
        if self.sasl_password_file is None:
            return None
        return SecretStr(self.sasl_password_file.read_text("utf-8").strip())


def query_token(settings: Settings) -> str:
    """The token of loan queries, from its file if there is one; "" where there is none. Raises SettingsError."""
    if settings.query_token_file is None:
        return settings.query_token.get_secret_value() if settings.query_token else ""
    try:
        token = settings.query_token_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{PREFIX}QUERY_TOKEN_FILE: can't be read: {error}") from None
    if len(token) < MIN_TOKEN_LENGTH:
        raise SettingsError(f"{PREFIX}QUERY_TOKEN_FILE: the token is shorter than {MIN_TOKEN_LENGTH} characters")
    return token


def read_settings(**overrides: Any) -> Settings:
    """The settings; `overrides` win over everything. Raises SettingsError."""
    _refuse_unknown()
    name = os.environ.get(FILE_VARIABLE)
    if name and not Path(name).is_file():
        raise SettingsError(f"{FILE_VARIABLE}: there is no file {name}")
    try:
        if name:
            tomllib.loads(Path(name).read_text("utf-8"))  # pydantic would not say which file it is
        return Settings(**{key: value for key, value in overrides.items() if value is not None})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{FILE_VARIABLE}: {name} can't be read as TOML: {error}") from None
    except ValidationError as error:
        problems = error.errors(include_url=False)
        lines = [sentence(problem, Settings.model_fields, PREFIX) for problem in problems]
        raise SettingsError("\n".join(lines)) from None


def _refuse_unknown() -> None:
    """A misspelt variable would be ignored in silence; name the nearest one instead."""
    known = [*(f"{PREFIX}{name.upper()}" for name in Settings.model_fields), FILE_VARIABLE]
    strange = [unknown(name, known) for name in os.environ if name.startswith(PREFIX) and name not in known]
    if strange:
        raise SettingsError("\n".join(strange))


def sources_of(settings: Settings) -> dict[str, str]:
    """Where each setting's value comes from: the environment, the settings file, or the default."""
    name = os.environ.get(FILE_VARIABLE)
    in_file = tomllib.loads(Path(name).read_text("utf-8")) if name else {}
    return {
        field: "environment"
        if f"{PREFIX}{field.upper()}" in os.environ
        else f"file {name}"
        if field in in_file
        else "argument"
        if field in settings.model_fields_set
        else "default"
        for field in Settings.model_fields
    }
