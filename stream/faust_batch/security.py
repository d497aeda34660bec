"""
One way to say how to log in to the broker, for aiokafka's clients and for Faust's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials


def faust_credentials(security: Mapping[str, Any]) -> Any:
    """
    Faust's credentials for these aiokafka options (security_protocol, ssl_context, sasl_*); None: plaintext.

    Raises:
        ValueError: a protocol or mechanism that is not supported here.
    """
    protocol = security.get("security_protocol", "PLAINTEXT")
    context = security.get("ssl_context")
    if protocol == "PLAINTEXT":
        return None
    if protocol == "SSL":
        return SSLCredentials(context)
    if protocol not in ("SASL_PLAINTEXT", "SASL_SSL"):
        raise ValueError(f"security_protocol {protocol!r}: use PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
    if (protocol == "SASL_SSL") != (context is not None):
        raise ValueError("SASL_SSL needs an ssl_context, and SASL_PLAINTEXT must not have one")
    mechanism = security.get("sasl_mechanism", "PLAIN")
    if mechanism == "OAUTHBEARER":
        return OAuthCredentials(oauth_cb=security["sasl_oauth_token_provider"], ssl_context=context)
    if mechanism not in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        raise ValueError(f"sasl_mechanism {mechanism!r}: use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER")
    return SASLCredentials(
        username=security["sasl_plain_username"],
        password=security["sasl_plain_password"],
        mechanism=mechanism,
        ssl_context=context,
    )
