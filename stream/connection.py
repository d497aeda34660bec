"""How to reach the brokers: aiokafka's options, from the settings."""

from __future__ import annotations

from typing import Any

from stream.certificates import RenewedContext
from stream.settings import Settings


def security_options(settings: Settings) -> dict[str, Any]:
    """Options security_protocol, ssl_context, sasl_* of an aiokafka client; empty for plain text.

    Raises OSError or ssl.SSLError where a file can't be read.
    """
    if settings.security_protocol == "PLAINTEXT":
        return {}
    options: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if settings.security_protocol.endswith("SSL"):
        options["ssl_context"] = RenewedContext(
            settings.ssl_ca_file, settings.ssl_certificate_file, settings.ssl_key_file
        )
    if settings.security_protocol.startswith("SASL"):
        password = settings.password()
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = password.get_secret_value() if password else None
    return options


def client_options(settings: Settings) -> dict[str, Any]:
    """Options of any aiokafka client."""
    return {"bootstrap_servers": settings.brokers.split(","), **security_options(settings)}
