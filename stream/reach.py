"""Why a broker can't be reached, in one sentence with its remedy: name, port, TLS, login, step by step.

Kafka's clients try all addresses and say that none of them worked; this says what went wrong at each.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiokafka.conn import create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from stream.connection import security_options
from stream.settings import Settings

SECONDS: Final = 8.0
EXPIRED, NOT_YET_VALID, HOST_NAME = 10, 9, 62
SELF_SIGNED_OR_UNKNOWN: Final = frozenset({2, 7, 18, 19, 20, 21})
PLAIN_TEXT_ANSWER: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNEXPECTED_MESSAGE"}
)


def unreadable_files(settings: Settings) -> list[str]:
    """A sentence for each file of the security settings that can't be used."""
    found = []
    for name in ("sasl_password_file", "ssl_ca_file", "ssl_certificate_file", "ssl_key_file"):
        path: Path | None = getattr(settings, name)
        if path is None:
            continue
        variable = f"OVERDUE_{name.upper()}"
        try:
            content = path.read_bytes()
        except OSError as error:
            found.append(f"{variable}: {path} can't be read ({error.strerror}); name a file that this user may read")
            continue
        if not content.strip():
            found.append(f"{variable}: {path} is empty")
        elif name != "sasl_password_file" and b"-----BEGIN" not in content:
            found.append(f"{variable}: {path} is not PEM text (-----BEGIN ...); convert it, for instance with openssl")
    if not found and settings.security_protocol != "PLAINTEXT":
        try:
            security_options(settings)
        except ssl.SSLError as error:
            found.append(
                "OVERDUE_SSL_CERTIFICATE_FILE and OVERDUE_SSL_KEY_FILE, or OVERDUE_SSL_CA_FILE, can't be used"
                f" ({error.reason or 'bad file'}): the key must be that of the certificate, and not have a password"
            )
    return found


async def trouble_with(settings: Settings) -> list[str]:
    """A sentence for each address that can't be used; empty: all answer."""
    if files := unreadable_files(settings):
        return files
    found = await asyncio.gather(*(_trouble_at(address, settings) for address in settings.brokers.split(",")))
    return [sentence for sentence in found if sentence is not None]


async def _trouble_at(address: str, settings: Settings) -> str | None:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        await asyncio.get_running_loop().getaddrinfo(host, int(port))
    except OSError:
        return f"{address}: there is no host {host}; correct OVERDUE_BROKERS, or the name service"
    try:
        async with asyncio.timeout(SECONDS):
            with _silence():
                return await _log_in(address, host, int(port), settings)
    except TimeoutError:
        hint = (
            ""
            if settings.security_protocol != "PLAINTEXT"
            else " A broker that wants TLS does not answer plain text: see OVERDUE_SECURITY_PROTOCOL."
        )
        return f"{address}: does not answer within {SECONDS:.0f} s; is it up, and does a firewall let us through?{hint}"


@contextmanager
def _silence() -> Iterator[None]:
    """What is said here says it better than the log."""
    loggers = [logging.getLogger(name) for name in ("aiokafka.conn", "aiokafka.client", "overdue.tls")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


async def _log_in(address: str, host: str, port: int, settings: Settings) -> str | None:
    connection = None
    try:
        connection = await create_conn(host, port, request_timeout_ms=int(SECONDS * 1000), **security_options(settings))
        await connection.send(MetadataRequest([]))
    except ssl.SSLCertVerificationError as error:
        return f"{address}: {_certificate(error, host)}"
    except ssl.SSLError as error:
        return f"{address}: {_tls(error)}"
    except ConnectionRefusedError:
        return f"{address}: nothing listens there; start the broker, or correct OVERDUE_BROKERS"
    except (SaslAuthenticationFailed, UnsupportedSaslMechanismError, IllegalSaslStateError) as error:
        return f"{address}: {_login(error, settings)}"
    except (KafkaConnectionError, KafkaError, OSError, ValueError) as error:
        return f"{address}: {await _refusal(host, port, settings) or _closed(error, settings)}"
    finally:
        if connection is not None:
            connection.close()
    return None


async def _refusal(host: str, port: int, settings: Settings) -> str | None:
    """Why the broker ends a TLS connection that stood: it looks at our certificate only after the handshake."""
    context = security_options(settings).get("ssl_context")
    if context is None:
        return None
    try:
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
        try:
            async with asyncio.timeout(1.0):
                await reader.read(1)
        finally:
            writer.close()
    except ssl.SSLError as error:
        return _tls(error)
    except (OSError, TimeoutError):
        pass
    return None


def _certificate(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code == EXPIRED:
        return "the broker's certificate has expired; renew it on the broker"
    if error.verify_code == NOT_YET_VALID:
        return "the broker's certificate is not valid yet; compare the clocks"
    if error.verify_code == HOST_NAME:
        return (
            f"the broker's certificate is not for {host}; use the name that it has in OVERDUE_BROKERS, or have the"
            " certificate made for this one"
        )
    if error.verify_code in SELF_SIGNED_OR_UNKNOWN:
        return (
            "the broker's certificate is not signed by an authority that is trusted here; name the authority's"
            " certificate with OVERDUE_SSL_CA_FILE"
        )
    return f"the broker's certificate is refused: {error.verify_message}"


def _tls(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    if reason in PLAIN_TEXT_ANSWER:
        return "the port does not speak TLS; take the broker's TLS port, or OVERDUE_SECURITY_PROTOCOL without SSL"
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason or "BAD_CERTIFICATE" in reason:
        return (
            "the broker wants a certificate of ours that it trusts; set OVERDUE_SSL_CERTIFICATE_FILE and"
            " OVERDUE_SSL_KEY_FILE"
        )
    if "EXPIRED" in reason:
        return "our certificate has expired; renew the one that OVERDUE_SSL_CERTIFICATE_FILE names"
    if "UNKNOWN_CA" in reason or "CERTIFICATE_UNKNOWN" in reason:
        return (
            "the broker refuses our certificate: it has expired, or is of an authority that the broker does not know;"
            " renew the one that OVERDUE_SSL_CERTIFICATE_FILE names"
        )
    return f"TLS fails: {reason or type(error).__name__}"


def _login(error: KafkaError, settings: Settings) -> str:
    if isinstance(error, UnsupportedSaslMechanismError):
        return f"the broker does not offer {settings.sasl_mechanism}; see OVERDUE_SASL_MECHANISM"
    return (
        f"the broker refuses the login of {settings.sasl_username!r} with {settings.sasl_mechanism}: the user is not"
        " known, or the password in OVERDUE_SASL_PASSWORD_FILE is wrong"
    )


def _closed(error: BaseException, settings: Settings) -> str:
    if settings.security_protocol == "PLAINTEXT":
        return (
            "the broker closes the connection; it may want TLS or a login: see OVERDUE_SECURITY_PROTOCOL"
            f" ({type(error).__name__})"
        )
    if settings.security_protocol == "SSL" and settings.ssl_certificate_file is None:
        return (
            "the broker closes the connection; it may want a certificate of ours: set OVERDUE_SSL_CERTIFICATE_FILE and"
            " OVERDUE_SSL_KEY_FILE"
        )
    return (
        f"the broker closes the connection ({type(error).__name__}); does this port speak TLS? If so, its log says why"
    )
