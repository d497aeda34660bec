"""Certificates: renewed files are used without a restart, what can't be used is told, ends are known."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from stream.certificates import AUTHORITY, BROKER, OWN, RenewedContext, end_of
from tests.ops.security import Authority


@asynccontextmanager
async def server(authority: Authority, certificate: Path, key: Path) -> AsyncIterator[tuple[int, list[str]]]:
    """A server that wants a certificate; its port, and the names of who came."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    came: list[str] = []

    async def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        subject = writer.get_extra_info("peercert")["subject"]
        came.append(dict(name for [name] in subject)["commonName"])
        writer.close()

    running = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=context)
    async with running:
        yield running.sockets[0].getsockname()[1], came


async def connect(port: int, context: ssl.SSLContext) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    await reader.read()
    writer.close()


def put(source: tuple[Path, Path], target: tuple[Path, Path], at: int) -> None:
    """Renew files, as a rename does."""
    for new, place in zip(source, target, strict=True):
        place.with_suffix(".next").write_bytes(new.read_bytes())
        os.utime(place.with_suffix(".next"), (at, at))
        place.with_suffix(".next").replace(place)


@pytest.mark.asyncio
async def test_a_renewed_certificate_is_used_from_the_next_connection_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """First the old name comes, after the files have changed the new one; half a change leaves the former in use."""
    authority = Authority(tmp_path / "authority")
    old, new = authority.issue("old", days=3), authority.issue("new", days=300)
    files = (tmp_path / "tls.pem", tmp_path / "tls.key")
    put(old, files, 1)
    broker = authority.issue("broker", hosts=["127.0.0.1"], days=20)
    async with server(authority, *broker) as (port, came):
        context = RenewedContext(authority.file, *files)
        ends = context.certificates.ends
        await connect(port, context)
        days = {whose: round((end - datetime.now(UTC).timestamp()) / 86_400) for whose, end in ends.items()}  # noqa: TID251
        assert days == {OWN: 3, AUTHORITY: 30, BROKER: 20}
        put(new[:1] * 2, files, 2)  # the key is not there yet
        with caplog.at_level(logging.INFO, logger="overdue.tls"):
            await connect(port, context)
            await connect(port, context)
            assert [record.levelname for record in caplog.records] == ["ERROR"]
            put(new, files, 3)
            await connect(port, context)
            assert "new connections use them" in caplog.records[-1].message
        assert came == ["old", "old", "old", "new"]
        assert ends[OWN] == end_of(new[0])


@pytest.mark.asyncio
async def test_a_broker_that_is_not_trusted_is_told_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An expired certificate of the broker: no connection, and the log says so; a renewed authority is used."""
    authority, another = Authority(tmp_path / "authority"), Authority(tmp_path / "other")
    own = authority.issue("worker")
    async with server(authority, *authority.issue("broker", hosts=["127.0.0.1"], days=-1)) as (port, came):
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(port, RenewedContext(authority.file, *own))
        assert "certificate has expired" in caplog.text
        assert not came
    async with server(authority, *authority.issue("broker2", hosts=["127.0.0.1"])) as (port, came):
        file = tmp_path / "ca.pem"
        file.write_bytes(another.file.read_bytes())
        context = RenewedContext(file, *own)
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(port, context)
        put((authority.file, authority.file), (file, file), 5)
        await connect(port, context)
        assert came == ["worker"]


@pytest.mark.parametrize("days", [-30, 30, 365 * 24, 365 * 60])
def test_the_end_of_a_certificate_is_read_as_a_library_reads_it(tmp_path: Path, days: int) -> None:
    """Both forms of time (from 2050 on the year has four digits), the first of a chain; as cryptography reads it."""
    authority = Authority(tmp_path)
    first, later = authority.issue("first", days=days)[0], authority.issue("later", days=days + 5)[0]
    chain = tmp_path / "chain.pem"
    chain.write_bytes(later.read_bytes() + first.read_bytes())
    expected = x509.load_pem_x509_certificate(first.read_bytes()).not_valid_after_utc
    assert end_of(chain) == expected.timestamp()
    assert abs(expected - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=1)  # noqa: TID251


def test_a_file_without_a_certificate_is_an_error(tmp_path: Path) -> None:
    """A key is no certificate."""
    _, key = Authority(tmp_path).issue("one")
    with pytest.raises(ValueError, match="holds no certificate"):
        end_of(key)
