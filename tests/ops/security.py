"""A certificate authority of a test's own, and a broker that speaks TLS, mutual TLS and SCRAM, and grants by list."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stream.local.broker import Broker
from stream.local.ports import free_port
from stream.rights import Right

PASSWORD = "canary-f81d4fae-7dec"  # noqa: S105  (it must appear in no log)
SCRAM = ScramMechanism.SCRAM_SHA_512


class Authority:
    """Signs certificates; valid from yesterday."""

    def __init__(self, folder: Path, name: str = "test authority") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self._name, self._key.public_key(), days=30, authority=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, hosts: Iterable[str] = (), days: int = 30) -> tuple[Path, Path]:
        """A certificate and its key, in files; `days` below 0: expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signed = self._sign(subject, key.public_key(), days=days, hosts=hosts)
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private

    def _sign(
        self, subject: x509.Name, key: Any, *, days: int, hosts: Iterable[str] = (), authority: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)  # noqa: TID251  (certificates are valid by the wall clock)
        names: list[x509.GeneralName] = [
            x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts
        ]
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=40))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
            builder = builder.add_extension(usage, critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@dataclass(frozen=True)
class SecureBroker:
    """Where it listens, and what a client needs."""

    broker: Broker
    authority: Authority
    tls_login: str
    """host:port, TLS and SCRAM."""
    mutual: str
    """host:port, mutual TLS."""
    expired: str
    """host:port, TLS and SCRAM with a certificate that has expired."""
    admin: AdminClient
    """A client that may do everything."""

    def user(self, name: str, password: str = PASSWORD) -> None:
        """Make a SCRAM user."""
        wanted = UserScramCredentialUpsertion(name, ScramCredentialInfo(SCRAM, 4096), password.encode())
        for done in self.admin.alter_user_scram_credentials([wanted]).values():
            done.result(30)

    def grant(self, principal: str, rights: Iterable[Right]) -> None:
        """Grant exactly these rights."""
        for done in self.admin.create_acls(list(_bindings(principal, rights))).values():
            done.result(30)

    def revoke(self, principal: str, topic: str) -> None:
        """Take every right on a topic away."""
        every = AclBindingFilter(
            ResourceType.TOPIC,
            topic,
            ResourcePatternType.LITERAL,
            f"User:{principal}",
            None,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        for done in self.admin.delete_acls([every]).values():
            assert done.result(30)

    def renew(self, days: int) -> None:
        """Give the login's listener another certificate, which it takes at its next start; below 0: expired."""
        _pem(*self.authority.issue("broker", hosts=["127.0.0.1"], days=days))

    def environment(self, folder: Path, user: str, **more: str) -> dict[str, str]:
        """Settings of a client that logs in with SCRAM over TLS."""
        secret = folder / f"{user}.password"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("OVERDUE_")},
            "OVERDUE_BROKERS": self.tls_login,
            "OVERDUE_SECURITY_PROTOCOL": "SASL_SSL",
            "OVERDUE_SASL_USERNAME": user,
            "OVERDUE_SASL_PASSWORD_FILE": str(secret),
            "OVERDUE_SSL_CA_FILE": str(self.authority.file),
            "OVERDUE_METRICS_PORT": "0",
            **more,
        }


RESOURCES: Mapping[str, Any] = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
}
OPERATIONS: Mapping[str, Any] = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Create": AclOperation.CREATE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
    "AlterConfigs": AclOperation.ALTER_CONFIGS,
}


def _bindings(principal: str, rights: Iterable[Right]) -> Iterator[AclBinding]:
    for right in rights:
        pattern = ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL
        for operation in right.operations:
            yield AclBinding(
                RESOURCES[right.resource],
                right.name,
                pattern,
                f"User:{principal}",
                "*",
                OPERATIONS[operation],
                AclPermissionType.ALLOW,
            )


@contextmanager
def secure_broker(folder: Path, days: int = 30) -> Iterator[SecureBroker]:
    """A broker with an open listener for the test itself, and three that want to know who comes.

    days: how long the login's certificate is valid.
    """
    authority = Authority(folder / "authority")
    ports = {name: free_port() for name in ("LOGIN", "MUTUAL", "EXPIRED")}
    good = _pem(*authority.issue("broker", hosts=["127.0.0.1"], days=days))
    old = _pem(*authority.issue("broker-expired", hosts=["127.0.0.1"], days=-1))
    listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
    more = f"""
listeners=PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller_port}},{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{{port}},{listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,MUTUAL:SSL,EXPIRED:SASL_SSL
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.mutual.ssl.client.auth=required
"""
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    for name, store in (("login", good), ("mutual", good), ("expired", old)):
        more += f"listener.name.{name}.ssl.keystore.type=PEM\nlistener.name.{name}.ssl.keystore.location={store}\n"
        more += f"listener.name.{name}.ssl.truststore.type=PEM\n"
        more += f"listener.name.{name}.ssl.truststore.location={authority.file}\n"
        if name != "mutual":
            more += f"listener.name.{name}.sasl.enabled.mechanisms=SCRAM-SHA-512\n"
            more += f"listener.name.{name}.scram-sha-512.sasl.jaas.config={scram}\n"
    with Broker.temporary(more=more) as running:
        addresses = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        admin = AdminClient({"bootstrap.servers": running.bootstrap})
        yield SecureBroker(running, authority, addresses["LOGIN"], addresses["MUTUAL"], addresses["EXPIRED"], admin)


def _pem(certificate: Path, key: Path) -> Path:
    """Certificate and key in one file, as Kafka wants a key store."""
    store = certificate.with_suffix(".store")
    store.write_bytes(key.read_bytes() + certificate.read_bytes())
    return store
