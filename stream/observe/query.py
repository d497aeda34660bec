"""Read-only HTTP about single loans: where one stands, where it stood, and its story. GET only, with a bearer token.

`/v1/loans/{id}`: the present standing, with the offsets that it counts up to.
`/v1/loans/{id}/standing?as_of=D&known_by=K`: what was true of day D by what was recorded up to day K.
`/v1/loans/{id}/story`: what `overdue explain` tells. Nothing else is there.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import parse_qs, unquote

from stream.engine.as_known import as_known
from stream.engine.dates import day_of, iso
from stream.engine.delinquency import judge
from stream.engine.loan import Loan
from stream.engine.policy import Policy
from stream.translate.standing import standing_json
from stream.translate.story import story_json

MAX_TARGET_LENGTH: Final = 512
ROUTES: Final = ("/v1/loans/{id}", "/v1/loans/{id}/standing", "/v1/loans/{id}/story")
_LOAN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+=/-]{0,63}")  # as the contract has it


class Here(NamedTuple):
    """A loan of a task that this worker has."""

    loan: Loan
    """The asker's own."""
    business_date: int
    partition: int
    offsets: Mapping[str, int]
    """By topic: every record of the partition before it counts."""


class Elsewhere(NamedTuple):
    """The loan's partition is another worker's, or nobody's just now."""

    partition: int
    owner: str | None
    """Where that worker answers; None: not known."""


class Unknown(NamedTuple):
    """This worker has the partition, and no such loan in it."""

    partition: int


class NotReady(NamedTuple):
    """Tasks are being assigned or restored."""


class Loans(Protocol):
    """Where loans are found."""

    def find(self, loan_id: str) -> Here | Elsewhere | Unknown | NotReady:
        """Look for a loan; called on any thread."""


class Answer(NamedTuple):
    """Of a request."""

    status: int
    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()


Teller = Callable[[Here, dict[str, list[str]]], Answer]


class Queries:
    """What each request is answered."""

    def __init__(self, policy: Policy, token: str) -> None:
        """`token`: what a request must bear; it is never empty."""
        if not token:
            raise ValueError("loan queries need a token")
        self._policy = policy
        self._token = token.encode()
        self._tellers: dict[str, Teller] = {"": self._present, "standing": self._standing, "story": self._story}
        self.loans: Loans | None = None
        """None: the worker is still starting."""

    def answer(self, method: str, target: str, authorization: str | None) -> Answer:
        """The answer to a request; whoever does not bear the token learns nothing."""
        if method != "GET":
            return _no(405, "method_not_allowed", "only GET is answered")._replace(headers=(("Allow", "GET"),))
        if not self._authorized(authorization):
            refused = _no(401, "unauthorized", "send the header 'Authorization: Bearer <OVERDUE_QUERY_TOKEN>'")
            return refused._replace(headers=(("WWW-Authenticate", "Bearer"),))
        if len(target) > MAX_TARGET_LENGTH:
            return _no(414, "target_too_long", f"a target has at most {MAX_TARGET_LENGTH} characters")
        path, _, query = target.partition("?")
        parts = path.split("/")
        tell = self._tellers.get("/".join(parts[4:]))
        if parts[:3] != ["", "v1", "loans"] or len(parts) not in (4, 5) or tell is None or path.endswith("/"):
            return _no(404, "not_found", "there is: " + ", ".join(ROUTES))
        return self._of_loan(unquote(parts[3]), query, tell)

    def _authorized(self, authorization: str | None) -> bool:
        scheme, _, token = (authorization or "").partition(" ")
        return hmac.compare_digest(token.strip().encode(), self._token) and scheme.lower() == "bearer"

    def _of_loan(self, loan_id: str, query: str, tell: Teller) -> Answer:
        if not _LOAN_ID.fullmatch(loan_id):
            return _no(400, "bad_loan_id", "a loan id has 1 to 64 of A-Z a-z 0-9 . _ : @ + = / -, a '/' as %2F")
        found = NotReady() if self.loans is None else self.loans.find(loan_id)
        if isinstance(found, NotReady):
            not_ready = _no(503, "not_ready", "tasks are being assigned or restored; ask again in a moment")
            return not_ready._replace(headers=(("Retry-After", "1"),))
        if isinstance(found, Elsewhere):
            where = f"ask {found.owner}" if found.owner else "ask another worker; it does not say where it answers"
            misdirected = _no(421, "other_worker", f"partition {found.partition} is not here; {where}")
            return misdirected._replace(body=misdirected.body | {"partition": found.partition, "owner": found.owner})
        if isinstance(found, Unknown):
            return _no(404, "loan_unknown", f"no such loan on its partition {found.partition}")
        try:
            return tell(found, parse_qs(query, keep_blank_values=True, strict_parsing=True) if query else {})
        except ValueError as error:
            return _no(400, "bad_query", str(error))

    def _present(self, found: Here, query: dict[str, list[str]]) -> Answer:
        _days(query, ())
        rules = self._policy.rules(found.loan.product)
        if found.loan.as_of < found.business_date:
            judge(found.loan, found.business_date, rules)
        standing = json.loads(standing_json(found.loan, rules))
        place = {"partition": found.partition, "offsets": dict(found.offsets)}
        return Answer(200, {"loan_id": found.loan.loan_id, "as_of": standing["as_of"], **place, "standing": standing})

    def _standing(self, found: Here, query: dict[str, list[str]]) -> Answer:
        days = _days(query, ("as_of", "known_by"))
        today, first = found.business_date, found.loan.history_from
        as_of, known_by = days.get("as_of", today), days.get("known_by", today)
        if as_of > today:
            raise ValueError(f"as_of lies after the business date {iso(today)}; that day is not judged yet")
        if min(as_of, known_by) < first:
            raise ValueError(f"facts of before {iso(first)} are behind the replay horizon; ask for a later day")
        rules = self._policy.rules(found.loan.product)
        past = as_known(found.loan, rules, as_of, known_by)
        asked = {"loan_id": found.loan.loan_id, "as_of": iso(as_of), "known_by": iso(known_by)}
        if past is None:
            return _no(404, "loan_not_known_then", f"by {iso(known_by)} nothing was known of the loan on {iso(as_of)}")
        return Answer(200, asked | {"standing": json.loads(standing_json(past, rules))})

    def _story(self, found: Here, query: dict[str, list[str]]) -> Answer:
        _days(query, ())
        return Answer(200, story_json(found.loan, self._policy.rules(found.loan.product), found.business_date))


def _days(query: dict[str, list[str]], names: tuple[str, ...]) -> dict[str, int]:
    """The days that are asked for. Raises ValueError."""
    for name, values in query.items():
        if name not in names or len(values) != 1:
            raise ValueError(f"ask with {' and '.join(names) or 'no parameters'}, each once at most")
    found = {}
    for name, values in query.items():
        try:
            found[name] = int(day_of(values[0]))
        except ValueError:
            raise ValueError(f"{name} is a date such as 2024-03-08") from None
    return found


def _no(status: int, error: str, message: str) -> Answer:
    return Answer(status, {"error": error, "message": message})
