"""Loan queries over HTTP: what answers, who is let in, and what was true of a day by what was known on another."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
from prometheus_client import generate_latest

from stream.cli.errors import CommandError, InputError, UsageError
from stream.cli.query_client import ask
from stream.engine.dates import day_of, iso
from stream.observe.metrics import Metrics
from stream.observe.query import Elsewhere, Here, NotReady, Queries, Unknown
from stream.observe.query_server import MAX_AT_A_TIME, QueryServer, serve_queries
from stream.offline_loan import loan_told_by
from stream.policy_file import parse_policy
from stream.settings import Settings, SettingsError, query_token, read_settings
from stream.translate.lines import parse_line
from tests.stories import Event, an_installment, at, disbursed, event, repaid

TOKEN = "a-token-of-the-test"  # noqa: S105
POLICY = parse_policy(
    'version = "t"\ntime_zone = "Asia/Shanghai"\n[products.default]\n'
    'buckets = [{ code = "M1", min_days = 1, max_days = 30 }, { code = "M2", min_days = 31 }]\n'
)
EVENTS: list[Event] = [
    disbursed([an_installment(1, "2024-02-15", 100_00), an_installment(2, "2024-03-15", 100_00)], "2024-01-15"),
    repaid("P1", 100_00, "2024-02-14", when=at("2024-02-20")),
    event(
        "loan.repayment_reversed",
        "e-reversed",
        at("2024-03-01"),
        {"loan_id": "L1", "payment_id": "P1", "reversal_id": "R1", "reversal_date": "2024-03-01"},
    ),
]
"""Due on 02-15; paid with value date 02-14, told on 02-20; reversed on 03-01."""


class Book:
    """A worker's loans: L1, and some that are not here."""

    def find(self, loan_id: str) -> Here | Elsewhere | Unknown | NotReady:
        """Look for a loan."""
        if loan_id == "ELSEWHERE":
            return Elsewhere(3, "http://127.0.0.2:9465")
        if loan_id == "STARTING":
            return NotReady()
        if loan_id != "L1":
            return Unknown(2)
        lines = [parse_line(json.dumps(told).encode(), number) for number, told in enumerate(EVENTS)]
        found = loan_told_by(lines, POLICY, "L1", open_days=True, until=int(day_of("2024-03-10")))
        assert found is not None
        return Here(found.loan, found.business_date, 1, {"loans.repayments": 7})


@pytest.fixture
def queries() -> Queries:
    """Queries of a worker that has started."""
    asked = Queries(POLICY, TOKEN)
    asked.loans = Book()
    return asked


@pytest.fixture
def port(queries: Queries) -> int:
    """Where they are answered."""
    return serve_queries(queries, "127.0.0.1", 0)


def get(
    port: int, path: str, token: str | None = TOKEN, method: str = "GET"
) -> tuple[int, dict[str, Any], http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if body else {}, answer.headers


def test_the_present_standing_comes_with_its_place(port: int) -> None:
    """The present standing says its day, its partition and the offsets that it counts up to."""
    status, body, _ = get(port, "/v1/loans/L1")
    assert status == 200
    assert (body["loan_id"], body["as_of"], body["partition"]) == ("L1", "2024-03-10", 1)
    assert body["offsets"] == {"loans.repayments": 7}
    assert (body["standing"]["days_past_due"], body["standing"]["bucket"]) == (24, "M1")  # 03-10 less 02-15


@pytest.mark.parametrize(
    ("as_of", "known_by", "days"),
    [
        ("2024-02-18", "2024-02-18", 3),  # nothing was paid as far as anybody knew
        ("2024-02-18", "2024-02-20", 0),  # the payment of 02-14 had been told
        ("2024-02-18", "2024-02-29", 0),
        ("2024-02-18", "2024-03-01", 3),  # and was reversed
        ("2024-03-10", "2024-02-20", 0),
        ("2024-03-10", "2024-02-19", 24),
    ],
)
def test_as_of_and_as_known_by(port: int, as_of: str, known_by: str, days: int) -> None:
    """A late payment counts from when it was told on, for its own days; a reversal takes it back for all days."""
    status, body, _ = get(port, f"/v1/loans/L1/standing?as_of={as_of}&known_by={known_by}")
    assert (status, body["as_of"], body["known_by"]) == (200, as_of, known_by)
    assert (body["standing"]["as_of"], body["standing"]["days_past_due"]) == (as_of, days)


def test_before_it_was_known_there_was_no_loan(port: int) -> None:
    """Known by a day before the disbursement was told, there is no loan: 404 with a code of its own."""
    status, body, _ = get(port, "/v1/loans/L1/standing?as_of=2024-02-18&known_by=2024-01-14")
    assert (status, body["error"]) == (404, "loan_not_known_then")


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/", 404, "not_found"),
        ("/v1/loans", 404, "not_found"),
        ("/v1/loans/", 404, "not_found"),
        ("/v1/loans/L1/", 404, "not_found"),
        ("/v1/loans/L1/journal", 404, "not_found"),
        ("/v1/loans/L1/standing/x", 404, "not_found"),
        ("/v2/loans/L1", 404, "not_found"),
        ("/metrics", 404, "not_found"),
        ("/v1/loans/..%2F..%2Fetc", 400, "bad_loan_id"),
        ("/v1/loans/L1%0aX", 400, "bad_loan_id"),
        ("/v1/loans/L1?x=1", 400, "bad_query"),
        ("/v1/loans/L1/standing?as_of=2024-2-1", 400, "bad_query"),
        ("/v1/loans/L1/standing?as_of=2024-02-01&as_of=2024-02-02", 400, "bad_query"),
        ("/v1/loans/L1/standing?as_of=2024-03-11", 400, "bad_query"),  # not judged yet
        ("/v1/loans/UNKNOWN", 404, "loan_unknown"),
        ("/v1/loans/STARTING", 503, "not_ready"),
        ("/v1/loans/" + "L" * 600, 414, "target_too_long"),
    ],
)
def test_only_what_is_listed_answers(port: int, path: str, status: int, error: str) -> None:
    """Every other path, id or parameter is refused with a code and words."""
    answered, body, _ = get(port, path)
    assert (answered, body["error"]) == (status, error)
    assert body["message"]


@pytest.mark.parametrize(
    "path", ["/v1/loans/L1", "/v1/loans/L1/standing", "/v1/loans/L1/story", "/", "/v1/loans/UNKNOWN"]
)
@pytest.mark.parametrize("token", [None, "", "a-token-of-the-tesT", "a-token-of-the-test-and-more"])
def test_without_the_token_nothing_is_told(port: int, path: str, token: str | None) -> None:
    """Without the very token, every path answers the same 401: not even whether a loan is known."""
    status, body, headers = get(port, path, token)
    assert (status, body["error"], headers["WWW-Authenticate"]) == (401, "unauthorized", "Bearer")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_only_get_is_answered(port: int, method: str) -> None:
    """Any other method is refused, and no answer allows other origins."""
    status, _, headers = get(port, "/v1/loans/L1", method=method)
    assert (status, headers["Allow"]) == (405, "GET")
    assert not any(name.lower().startswith("access-control") for name in headers)


def test_the_owner_is_told(port: int) -> None:
    """A loan of another worker's partition: 421 with the partition and where its owner answers."""
    status, body, _ = get(port, "/v1/loans/ELSEWHERE")
    assert (status, body["partition"], body["owner"]) == (421, 3, "http://127.0.0.2:9465")


def test_too_many_at_a_time_are_told_to_come_again(queries: Queries) -> None:
    """While as many requests as are allowed are being answered, the next gets 503 at once."""
    metrics = Metrics()
    server = QueryServer(queries, "127.0.0.1", 0, metrics.query_answered)
    for _ in range(MAX_AT_A_TIME):
        server.slots.acquire()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    connection.connect()
    connection.putrequest("GET", "/v1/loans/L1")
    connection.endheaders()
    server.handle_request()
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert metrics.registry.get_sample_value("loan_queries_total", {"status": "503"}) == 1
    connection.close()
    server.server_close()


def test_every_answer_is_counted_and_timed(queries: Queries) -> None:
    """Two good answers and a wrong token: by status, with their time, and no loan's name in any label."""
    metrics = Metrics()
    port = serve_queries(queries, "127.0.0.1", 0, metrics.query_answered)
    for path, token in (("/v1/loans/L1", TOKEN), ("/v1/loans/L1/story", TOKEN), ("/v1/loans/L1", "wrong")):
        get(port, path, token)
    assert metrics.registry.get_sample_value("loan_queries_total", {"status": "200"}) == 2
    assert metrics.registry.get_sample_value("loan_queries_total", {"status": "401"}) == 1
    assert metrics.registry.get_sample_value("loan_query_seconds_count") == 3
    assert b"L1" not in generate_latest(metrics.registry)


def test_the_client_follows_to_the_owner(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """`explain --worker` asks the worker that has the loan, where the first one names it."""

    class Other(Book):
        def find(self, loan_id: str) -> Here | Elsewhere | Unknown | NotReady:
            return Elsewhere(1, f"http://127.0.0.1:{port}")

    other = Queries(POLICY, TOKEN)
    other.loans = Other()
    story = ask(f"http://127.0.0.1:{serve_queries(other, '127.0.0.1', 0)}", "L1", TOKEN)
    assert story["loan_id"] == "L1"
    assert story["standing"]["as_of"] == iso(day_of("2024-03-10"))


@pytest.mark.parametrize(
    ("address", "loan_id", "token", "error"),
    [("", "UNKNOWN", TOKEN, InputError), ("", "L1", "wrong", UsageError), ("ftp://x", "L1", TOKEN, UsageError)],
)
def test_the_client_says_what_is_wrong(
    port: int, address: str, loan_id: str, token: str, error: type[CommandError]
) -> None:
    """An unknown loan is wrong input, a wrong token or address wrong use: exit statuses 3 and 2."""
    with pytest.raises(error):
        ask(address or f"http://127.0.0.1:{port}", loan_id, token)


@pytest.fixture
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings from arguments only."""
    for name in ("PORT", "TOKEN", "TOKEN_FILE", "URL", "HOST"):
        monkeypatch.delenv(f"OVERDUE_QUERY_{name}", raising=False)


def test_queries_are_off_and_want_a_token(no_environment: None, tmp_path: Any) -> None:
    """Without a port nothing is answered; a port without a token, or with a short one, is refused."""
    assert read_settings().query_port is None
    with pytest.raises(SettingsError, match="OVERDUE_QUERY_TOKEN_FILE"):
        read_settings(query_port=9465)
    with pytest.raises(SettingsError, match="QUERY_TOKEN"):
        read_settings(query_port=9465, query_token="short")  # noqa: S106
    short = tmp_path / "token"
    short.write_text("short\n")
    with pytest.raises(SettingsError, match="shorter than"):
        query_token(read_settings(query_port=9465, query_token_file=short))
    short.write_text(TOKEN + "\n")
    assert query_token(read_settings(query_port=9465, query_token_file=short)) == TOKEN


def test_the_token_is_never_shown(no_environment: None) -> None:
    """The settings print without their token."""
    assert TOKEN not in repr(Settings(query_port=9465, query_token=TOKEN))  # type: ignore[arg-type]
