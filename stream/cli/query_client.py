"""Asks workers about a loan: the one that is named, then the one that has the loan."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

from stream.cli.errors import CommandError, InputError, UsageError

PATIENCE_SECONDS: Final = 10
MAX_BYTES: Final = 64 << 20
MAX_HOPS: Final = 3


class _NoRedirects(HTTPRedirectHandler):
    """A worker never redirects; whoever else does gets no token."""

    def redirect_request(self, *_: Any) -> None:
        return None


def ask(address: str, loan_id: str, token: str) -> dict[str, Any]:
    """The story of a loan, from the worker that has it. Raises CommandError."""
    for _ in range(MAX_HOPS):
        if not address.startswith(("http://", "https://")):
            raise UsageError(f"{address} is no address of a worker; write it as http://127.0.0.1:9465")
        status, body = _get(f"{address.rstrip('/')}/v1/loans/{quote(loan_id, safe='')}/story", token)
        if status == 200:
            return body
        if status != 421 or not body.get("owner"):
            raise _refused(status, body, address)
        address = str(body["owner"])
    raise CommandError("the workers send on to each other: partitions are moving, ask again in a moment")


def _get(url: str, token: str) -> tuple[int, dict[str, Any]]:
    request = Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310  (http and https only)
    opener = build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, _read(answer.read(MAX_BYTES))
    except HTTPError as error:
        with error:
            return error.code, _read(error.read(MAX_BYTES))
    except (URLError, OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise CommandError(f"{url}: no answer: {reason}; is a worker running there with OVERDUE_QUERY_PORT?") from error


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refused(status: int, body: dict[str, Any], address: str) -> CommandError:
    message = body.get("message") or f"answered {status}"
    kind = InputError if status in (400, 404) else UsageError if status == 401 else CommandError
    return kind(f"{address}: {message}")
