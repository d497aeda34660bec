"""TLS as the files say now: a certificate that is renewed on disk is used from the next connection on.

Files are looked at with each handshake and each scrape of the metrics: nothing has to be told, timed or restarted.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

log = logging.getLogger("overdue.tls")

OWN, AUTHORITY, BROKER = "own", "authority", "broker"
"""Whose certificate: that of OVERDUE_SSL_CERTIFICATE_FILE, of OVERDUE_SSL_CA_FILE, or of a broker."""
_VERSION, _UTC_TIME = 0xA0, 0x17
_YEAR_OF_A_CENTURY: Final = 50  # RFC 5280, 4.1.2.5.1: 50 to 99 are of the last century


class Certificates:
    """When the certificates end that were last seen; read by the metrics' thread."""

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}
        """By whose it is, the first end as a Unix time."""
        self._brokers: dict[Any, float] = {}

    def seen_at_broker(self, place: str | None, certificate: dict[str, Any] | None) -> None:
        """A handshake with a broker went well."""
        if certificate and "notAfter" in certificate:
            self._brokers[place] = ssl.cert_time_to_seconds(certificate["notAfter"])
            self.ends[BROKER] = min(self._brokers.values())


class RenewedContext(ssl.SSLContext):
    """A client's context that is made anew when one of its files has changed.

    A change that can't be used (a certificate without its new key yet) is told once; the former files stay in use.
    """

    def __new__(cls, *_: Any) -> RenewedContext:
        """As ssl.SSLContext has it."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, authority: Path | None, certificate: Path | None, key: Path | None) -> None:
        """Read the files. Raises OSError or ssl.SSLError where they can't be used."""
        super().__init__()
        self.certificates = Certificates()
        self._authority, self._certificate, self._key = authority, certificate, key
        self._seen = self._stamps()
        self._now = self._made()

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:
        """What asyncio calls for each connection."""
        self.look()
        return self._now.wrap_bio(*arguments, **options)

    def look(self) -> dict[str, float]:
        """Whose certificate ends first when, the files as they are now."""
        stamps = self._stamps()
        if stamps != self._seen:
            self._seen = stamps
            self._renew()
        return dict(self.certificates.ends)

    def _renew(self) -> None:
        try:
            self._now = self._made()
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            log.error("the changed certificate files can't be used, the former ones stay in use: %s", error)
        else:
            log.info("certificate files have changed; new connections use them")

    def _made(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._authority)
        ends = {}
        if self._authority is not None:
            ends[AUTHORITY] = end_of(self._authority)
        if self._certificate is not None:
            context.load_cert_chain(self._certificate, self._key)
            ends[OWN] = end_of(self._certificate)
        context.sslobject_class = _watched_by(self.certificates)
        self.certificates.ends.update(ends)
        return context

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        """What changes with a file; Kubernetes swaps a link, so the file behind it counts."""
        found: list[tuple[int, int, int] | None] = []
        for path in (self._authority, self._certificate, self._key):
            try:
                status = None if path is None else path.stat()
            except OSError:
                status = None
            found.append(None if status is None else (status.st_ino, status.st_mtime_ns, status.st_size))
        return found


def _watched_by(certificates: Certificates) -> type[ssl.SSLObject]:
    """Connections that say which certificate they have met, and why they were not made."""

    class Watched(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except ssl.SSLCertVerificationError as error:
                log.error(
                    "the certificate of broker %s is refused: %s; see: overdue doctor",
                    self.server_hostname,
                    error.verify_message,
                )
                raise
            certificates.seen_at_broker(self.server_hostname, self.getpeercert())

    return Watched


def end_of(path: Path) -> float:
    """The first end, as a Unix time, of the certificates in a PEM file. Raises ValueError where there is none."""
    text = path.read_text("ascii", errors="replace")
    ends = [_not_after(ssl.PEM_cert_to_DER_cert(pem)) for pem in _pem_certificates(text)]
    if not ends:
        raise ValueError(f"{path} holds no certificate")
    return min(ends)


def _pem_certificates(text: str) -> Iterator[str]:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    for part in text.split(begin)[1:]:
        yield begin + part.partition(end)[0] + end


def _not_after(certificate: bytes) -> float:
    """The end in a certificate in DER.

    Source: RFC 5280, 4.1: the validity is the fourth part that is no version.
    """
    _, body, _ = _part(certificate, 0)
    _, signed, _ = _part(body, 0)
    at = 0
    parts = []
    for _ in range(5):
        kind, content, at = _part(signed, at)
        if kind != _VERSION:
            parts.append(content)
    _, _, second = _part(parts[3], 0)
    kind, time, _ = _part(parts[3], second)
    text = time.decode("ascii")
    if kind == _UTC_TIME:
        text = ("19" if int(text[:2]) >= _YEAR_OF_A_CENTURY else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _part(data: bytes, at: int) -> tuple[int, bytes, int]:
    """One element of DER: its tag, its content, and where the next one begins."""
    size, start = data[at + 1], at + 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[at + 2 : start], "big")
    return data[at], data[start : start + size], start + size
