"""The catalogue of bad messages: each with the reason code that it must be refused under.

Tests of the contract decode them; fault runs publish them on real Kafka among good ones.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from schemas.rejections import RejectionCode as Code

REPAYMENTS: Final = "loans.repayments"
DISBURSEMENTS: Final = "loans.disbursements"
SERVICING: Final = "loans.servicing"
BUSINESS_DAYS: Final = "business-days"

Headers = tuple[tuple[str, bytes], ...]


class BadMessage(NamedTuple):
    """A message that must be refused."""

    name: str
    code: Code
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def as_json(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def ce_headers(event_type: str, event_id: str = "bad-1", **changes: bytes | None) -> Headers:
    """CloudEvents headers in binary mode; a change to None leaves a header out. Names are without `ce_`."""
    found: dict[str, bytes | None] = {
        "specversion": b"1.0",
        "id": event_id.encode(),
        "source": b"/bad-messages",
        "type": event_type.encode(),
        "time": b"2024-03-16T01:30:00Z",
        **changes,
    }
    pairs = [(f"ce_{name}", value) for name, value in found.items() if value is not None]
    return (*pairs, ("content-type", b"application/json"))


def repayment(loan_id: str, /, **changes: Any) -> dict[str, Any]:
    """Data of a good `loan.repaid`, changed; a change to `...` leaves a field out."""
    data = {"loan_id": loan_id, "payment_id": "bad-payment", "value_date": "2024-03-15", "amount": 100} | changes
    return {name: value for name, value in data.items() if value is not ...}


def disbursement(loan_id: str, /, **changes: Any) -> dict[str, Any]:
    """Data of a good `loan.disbursed`, changed; a change to `...` leaves a field out."""
    data = {
        "loan_id": loan_id,
        "borrower_id": "B-1",
        "product": "cash",
        "segment": "retail",
        "currency": "CNY",
        "principal": 1000,
        "disbursement_date": "2024-01-15",
        "annual_rate": "0.12",
        "schedule": [row(1, "2024-02-15"), row(2, "2024-03-15")],
    } | changes
    return {name: value for name, value in data.items() if value is not ...}


def row(number: int, due_date: str, principal: int = 500) -> dict[str, Any]:
    """A row of a schedule."""
    return {"number": number, "due_date": due_date, "principal": principal, "interest": 0, "fee": 0, "penalty": 0}


def revision(loan_id: str, /, **changes: Any) -> dict[str, Any]:
    """Data of a good `loan.schedule_revised`, changed; a change to `...` leaves a field out."""
    data = {
        "loan_id": loan_id,
        "schedule_version": 2,
        "effective_date": "2024-03-10",
        "reason": "extension",
        "financial_difficulty": False,
        "schedule": [row(2, "2024-06-15")],
    } | changes
    return {name: value for name, value in data.items() if value is not ...}


def bad_messages(loan_id: str = "L-BAD-1") -> list[BadMessage]:
    """Every kind of bad message, about one loan where it is about one."""
    return [
        *_bad_records(loan_id),
        *_bad_json(loan_id),
        *_bad_envelopes(loan_id),
        *_bad_data(loan_id),
        *_bad_servicing(loan_id),
    ]


def _repaid(
    name: str,
    code: Code,
    loan_id: str,
    value: bytes | None = b"",
    *,
    data: dict[str, Any] | None = None,
    headers: Headers | None = None,
    key: bytes | None = b"",
) -> BadMessage:
    return BadMessage(
        name,
        code,
        REPAYMENTS,
        loan_id.encode() if key == b"" else key,
        as_json(data) if data is not None else value,
        ce_headers("loan.repaid") if headers is None else headers,
    )


def _bad_records(loan: str) -> list[BadMessage]:
    """What is wrong lies outside the JSON."""
    good = repayment(loan)
    usual = ce_headers("loan.repaid")
    return [
        _repaid("tombstone", Code.VALUE_MISSING, loan, None),
        _repaid("empty value", Code.VALUE_EMPTY, loan, b""),
        _repaid("blank value", Code.VALUE_EMPTY, loan, b" \n\t"),
        _repaid("oversize value", Code.VALUE_TOO_LARGE, loan, data=good | {"note": "x" * (256 * 1024)}),
        _repaid("65 headers", Code.TOO_MANY_HEADERS, loan, data=good, headers=usual + (("x", b""),) * 59),
        _repaid("oversize header", Code.HEADER_TOO_LARGE, loan, data=good, headers=(*usual, ("x", b"x" * 4097))),
        _repaid(
            "oversize headers together",
            Code.HEADER_TOO_LARGE,
            loan,
            data=good,
            headers=usual + (("x", b"x" * 4000),) * 5,
        ),
        _repaid("type twice", Code.HEADER_REPEATED, loan, data=good, headers=(*usual, ("ce_type", b"loan.disbursed"))),
        _repaid(
            "id not UTF-8", Code.HEADER_INVALID, loan, data=good, headers=ce_headers("loan.repaid", id=b"\xff\xfe")
        ),
        _repaid(
            "avro", Code.CONTENT_TYPE_UNSUPPORTED, loan, b"\x02\x04", headers=(("content-type", b"application/avro"),)
        ),
        _repaid(
            "batch of events",
            Code.CONTENT_TYPE_UNSUPPORTED,
            loan,
            b"[]",
            headers=(("content-type", b"application/cloudevents-batch+json"),),
        ),
        _repaid("registry's byte 0", Code.CONFLUENT_WIRE_FORMAT, loan, b"\x00\x00\x00\x00\x07" + as_json(good)),
        _repaid("null key", Code.KEY_MISSING, loan, data=good, key=None),
        _repaid("another loan's key", Code.KEY_IS_NOT_LOAN_ID, loan, data=good, key=b"L-OTHER"),
        _repaid("key not UTF-8", Code.KEY_IS_NOT_LOAN_ID, loan, data=good, key=b"\xff"),
    ]


def _bad_json(loan: str) -> list[BadMessage]:
    """What is wrong is the JSON."""
    text = as_json(repayment(loan))
    body = text[:-1]
    deep = b"[" * 5000 + b"]" * 5000
    return [
        _repaid("not UTF-8", Code.NOT_UTF8, loan, text.replace(b"bad-payment", b"bad\xff")),
        _repaid("not UTF-8 in an unknown field", Code.NOT_UTF8, loan, body + b',"note":"\xff"}'),
        _repaid("UTF-16", Code.NOT_UTF8, loan, text.decode().encode("utf-16")),
        _repaid("truncated in a text", Code.JSON_TRUNCATED, loan, text[:30]),
        _repaid("truncated before the end", Code.JSON_TRUNCATED, loan, body),
        _repaid("trailing comma", Code.JSON_INVALID, loan, body + b",}"),
        _repaid("text after the end", Code.JSON_INVALID, loan, text + b"x"),
        _repaid("two objects", Code.JSON_INVALID, loan, text + text),
        _repaid("single quotes", Code.JSON_INVALID, loan, text.replace(b'"', b"'")),
        _repaid("XML", Code.JSON_INVALID, loan, b"<repaid/>"),
        _repaid("control character in a text", Code.JSON_INVALID, loan, text.replace(b"bad-payment", b"bad\npayment")),
        _repaid("array", Code.JSON_NOT_OBJECT, loan, b"[" + text + b"]"),
        _repaid("null", Code.JSON_NOT_OBJECT, loan, b"null"),
        _repaid("number", Code.JSON_NOT_OBJECT, loan, b"100"),
        _repaid("key twice", Code.JSON_KEY_REPEATED, loan, body + b',"amount":999}'),
        _repaid("key twice with one value", Code.JSON_KEY_REPEATED, loan, body + b',"amount":100}'),
        _repaid("key twice, once escaped", Code.JSON_KEY_REPEATED, loan, body + b',"\\u0061mount":999}'),
        _repaid("unknown key twice", Code.JSON_KEY_REPEATED, loan, body + b',"note":1,"note":1}'),
        _repaid("5,000 deep", Code.JSON_TOO_DEEP, loan, body + b',"note":' + deep + b"}"),
        _repaid("101 deep", Code.JSON_TOO_DEEP, loan, body + b',"note":' + b"[" * 100 + b"]" * 100 + b"}"),
        _repaid("80,000 lists", Code.JSON_TOO_MANY_PARTS, loan, body + b',"note":[[]' + b",[]" * 79_999 + b"]}"),
        _repaid("NaN", Code.NUMBER_NOT_FINITE, loan, text.replace(b":100", b":NaN")),
        _repaid("Infinity", Code.NUMBER_NOT_FINITE, loan, text.replace(b":100", b":-Infinity")),
        _repaid("1e999", Code.NUMBER_NOT_FINITE, loan, text.replace(b":100", b":1e999")),
        _repaid("NaN in an unknown field", Code.NUMBER_NOT_FINITE, loan, body + b',"note":NaN}'),
        _repaid("5,000 digits", Code.NUMBER_TOO_LONG, loan, text.replace(b":100", b":" + b"9" * 5000)),
        _repaid("leading zero", Code.JSON_INVALID, loan, text.replace(b":100", b":0100")),
    ]


def _bad_envelopes(loan: str) -> list[BadMessage]:
    """What is wrong is the CloudEvents envelope."""
    good = repayment(loan)
    structured = {"id": "bad-1", "source": "/bad", "type": "loan.repaid", "time": "2024-03-16T01:30:00Z"}
    kinds: list[tuple[str, Code, dict[str, bytes | None]]] = [
        ("no id", Code.ATTRIBUTE_MISSING, {"id": None}),
        ("no source", Code.ATTRIBUTE_MISSING, {"source": None}),
        ("no type", Code.ATTRIBUTE_MISSING, {"type": None}),
        ("no time", Code.ATTRIBUTE_MISSING, {"time": None}),
        ("empty source", Code.ATTRIBUTE_INVALID, {"source": b""}),
        ("specversion 0.3", Code.SPECVERSION_UNKNOWN, {"specversion": b"0.3"}),
        (
            "version 9 of the schema",
            Code.DATASCHEMA_UNKNOWN,
            {"dataschema": b"urn:overdue-stream:schema:loan.repaid:v9"},
        ),
        ("unknown type", Code.TYPE_UNKNOWN, {"type": b"loan.forgotten"}),
        ("type of another topic", Code.TYPE_NOT_ON_TOPIC, {"type": b"loan.disbursed"}),
        ("type that only we send", Code.TYPE_NOT_ON_TOPIC, {"type": b"loan.standing"}),
        ("time in words", Code.TIME_INVALID, {"time": b"yesterday"}),
        ("time as a number", Code.TIME_INVALID, {"time": b"1710552600"}),
        ("time on no calendar", Code.TIME_INVALID, {"time": b"2024-02-30T00:00:00Z"}),
        ("time in the year 9999", Code.TIME_INVALID, {"time": b"9999-12-31T23:59:59Z"}),
        ("time without zone", Code.TIME_WITHOUT_ZONE, {"time": b"2024-03-16T01:30:00"}),
        ("event id with a space", Code.ID_CHARACTERS, {"id": b"bad 1"}),
        ("event id with a newline", Code.ID_CHARACTERS, {"id": b"bad-1\n"}),
        ("event id too long", Code.ID_TOO_LONG, {"id": b"E" * 129}),
        ("empty event id", Code.ID_EMPTY, {"id": b""}),
    ]
    json_event = (("content-type", b"application/cloudevents+json"),)
    return [
        *(
            _repaid(name, code, loan, data=good, headers=ce_headers("loan.repaid", **changes))
            for name, code, changes in kinds
        ),
        _repaid("structured without data", Code.ATTRIBUTE_MISSING, loan, as_json(structured), headers=json_event),
        _repaid(
            "structured data as text",
            Code.DATA_NOT_OBJECT,
            loan,
            as_json(structured | {"data": json.dumps(good)}),
            headers=json_event,
        ),
        _repaid("bare data without envelope", Code.ATTRIBUTE_MISSING, loan, as_json(good), headers=()),
    ]


def _bad_data(loan: str) -> list[BadMessage]:
    """What is wrong is the data."""
    repayments: list[tuple[str, Code, dict[str, Any]]] = [
        ("no amount", Code.FIELD_MISSING, {"amount": ...}),
        ("no loan id", Code.FIELD_MISSING, {"loan_id": ...}),
        ("amount as text", Code.FIELD_TYPE_WRONG, {"amount": "100"}),
        ("amount true", Code.FIELD_TYPE_WRONG, {"amount": True}),
        ("amount null", Code.FIELD_TYPE_WRONG, {"amount": None}),
        ("payment id a number", Code.FIELD_TYPE_WRONG, {"payment_id": 17}),
        ("value date a number", Code.FIELD_TYPE_WRONG, {"value_date": 1710547200}),
        ("amount 100.0", Code.MONEY_NOT_INTEGER, {"amount": 100.0}),
        ("amount 100.5", Code.MONEY_NOT_INTEGER, {"amount": 100.5}),
        ("amount 0", Code.AMOUNT_TOO_SMALL, {"amount": 0}),
        ("amount negative", Code.AMOUNT_TOO_SMALL, {"amount": -5}),
        ("amount above 10^15", Code.AMOUNT_TOO_LARGE, {"amount": 10**15 + 1}),
        ("amount above 64 bits", Code.AMOUNT_TOO_LARGE, {"amount": 10**30}),
        ("payment id empty", Code.ID_EMPTY, {"payment_id": ""}),
        ("payment id too long", Code.ID_TOO_LONG, {"payment_id": "P" * 65}),
        ("payment id with a newline", Code.ID_CHARACTERS, {"payment_id": "P\n1"}),
        ("payment id in Chinese", Code.ID_CHARACTERS, {"payment_id": "还款1"}),
        ("payment id in full-width digits", Code.ID_CHARACTERS, {"payment_id": "１２３"}),
        ("value date without dashes", Code.DATE_NOT_ISO, {"value_date": "20240315"}),
        ("value date as a week", Code.DATE_NOT_ISO, {"value_date": "2024-W11-5"}),
        ("value date with a time", Code.DATE_NOT_ISO, {"value_date": "2024-03-15T00:00:00"}),
        ("value date on no calendar", Code.DATE_IMPOSSIBLE, {"value_date": "2023-02-29"}),
        ("value date in the year 9999", Code.DATE_OUT_OF_RANGE, {"value_date": "9999-12-31"}),
        ("unknown kind", Code.VALUE_NOT_ALLOWED, {"kind": "gift"}),
        ("installment 10,000", Code.NUMBER_OUT_OF_RANGE, {"installment": 10_000}),
        (
            "allocated more than paid",
            Code.ALLOCATIONS_EXCEED_AMOUNT,
            {"allocations": [{"installment": 1, "principal": 101, "interest": 0, "fee": 0, "penalty": 0}]},
        ),
    ]
    rows = [row(1, "2024-02-15"), row(2, "2024-03-15")]
    disbursements: list[tuple[str, Code, dict[str, Any]]] = [
        ("currency in small letters", Code.CURRENCY_INVALID, {"currency": "cny"}),
        ("rate in percent", Code.RATE_INVALID, {"annual_rate": "12%"}),
        ("rate with an exponent", Code.RATE_INVALID, {"annual_rate": "1e-1"}),
        ("rate a number", Code.FIELD_TYPE_WRONG, {"annual_rate": 0.12}),
        ("unknown segment", Code.VALUE_NOT_ALLOWED, {"segment": "whales"}),
        ("grace days negative", Code.NUMBER_OUT_OF_RANGE, {"grace_days": -1}),
        ("51 guarantors", Code.TOO_MANY_ITEMS, {"guarantor_ids": [f"G{n}" for n in range(51)]}),
        ("empty schedule", Code.SCHEDULE_EMPTY, {"schedule": []}),
        ("schedule an object", Code.FIELD_TYPE_WRONG, {"schedule": {}}),
        ("1,201 installments", Code.SCHEDULE_TOO_LONG, {"schedule": [row(n, "2024-02-15") for n in range(1201)]}),
        ("installment of 0", Code.INSTALLMENT_EMPTY, {"schedule": [*rows, row(3, "2024-04-15", 0)]}),
        ("number twice", Code.INSTALLMENT_NUMBER_REPEATED, {"schedule": [*rows, row(2, "2024-04-15")]}),
        ("due dates fall", Code.DUE_DATES_DESCEND, {"schedule": [*rows, row(3, "2024-01-15")]}),
        ("row without principal", Code.FIELD_MISSING, {"schedule": [{"number": 1, "due_date": "2024-02-15"}]}),
        ("row with a fraction", Code.MONEY_NOT_INTEGER, {"schedule": [rows[0] | {"interest": 0.5}]}),
    ]
    return [
        *(_repaid(name, code, loan, data=repayment(loan, **changes)) for name, code, changes in repayments),
        *(
            BadMessage(
                name,
                code,
                DISBURSEMENTS,
                loan.encode(),
                as_json(disbursement(loan, **changes)),
                ce_headers("loan.disbursed"),
            )
            for name, code, changes in disbursements
        ),
        BadMessage(
            "tick without a flag",
            Code.FIELD_MISSING,
            BUSINESS_DAYS,
            b"2024-03-16",
            b'{"business_date":"2024-03-16"}',
            ce_headers("business_day.opened"),
        ),
    ]


def _bad_servicing(loan: str) -> list[BadMessage]:
    """What is wrong is an event of the loan's servicing, or a chargeback."""
    rows = [row(2, "2024-06-15"), row(3, "2024-07-15")]
    charge = {"loan_id": loan, "charge_id": "CH-1", "kind": "fee", "due_date": "2024-03-12", "amount": 100}
    back = {"loan_id": loan, "chargeback_id": "CB-1", "payment_id": "P-1", "value_date": "2024-03-12", "amount": 100}
    pause = {"loan_id": loan, "start_date": "2024-03-16", "end_date": "2024-04-15"}
    kinds: list[tuple[str, Code, str, dict[str, Any]]] = [
        ("revision without a version", Code.FIELD_MISSING, "schedule_revised", revision(loan, schedule_version=...)),
        ("revision of version 0", Code.NUMBER_OUT_OF_RANGE, "schedule_revised", revision(loan, schedule_version=0)),
        ("revision for no known reason", Code.VALUE_NOT_ALLOWED, "schedule_revised", revision(loan, reason="mood")),
        ("difficulty in words", Code.FIELD_TYPE_WRONG, "schedule_revised", revision(loan, financial_difficulty="no")),
        ("revised row twice", Code.INSTALLMENT_NUMBER_REPEATED, "schedule_revised", revision(loan, schedule=rows * 2)),
        (
            "1,201 revised rows",
            Code.SCHEDULE_TOO_LONG,
            "schedule_revised",
            revision(loan, schedule=[row(number, "2024-06-15") for number in range(1201)]),
        ),
        (
            "revised row negative",
            Code.AMOUNT_TOO_SMALL,
            "schedule_revised",
            revision(loan, schedule=[row(2, "2024-06-15", -1)]),
        ),
        ("charge of 0", Code.AMOUNT_TOO_SMALL, "charge_posted", charge | {"amount": 0}),
        ("charge of interest", Code.VALUE_NOT_ALLOWED, "charge_posted", charge | {"kind": "interest"}),
        ("charge on a fraction", Code.MONEY_NOT_INTEGER, "charge_posted", charge | {"amount": 1.5}),
        ("charge on installment 10,000", Code.NUMBER_OUT_OF_RANGE, "charge_posted", charge | {"installment": 10_000}),
        ("waiver of no charge", Code.FIELD_MISSING, "charge_waived", {"loan_id": loan, "waiver_id": "W-1"}),
        ("waiver with a space", Code.ID_CHARACTERS, "charge_waived", {"loan_id": loan, "charge_id": "CH 1"}),
        ("pause until nowhen", Code.DATE_IMPOSSIBLE, "delinquency_paused", pause | {"end_date": "2024-02-30"}),
        ("pause from a number", Code.FIELD_TYPE_WRONG, "delinquency_paused", pause | {"start_date": 20240316}),
        ("resume in full", Code.DATE_NOT_ISO, "delinquency_resumed", {"loan_id": loan, "resume_date": "16 March 2024"}),
        *(
            (f"{turn} on no day", Code.FIELD_MISSING, turn, {"loan_id": loan})
            for turn in (
                "charged_off",
                "written_off",
                "closed",
                "transferred",
                "misuse_found",
                "technical_overdue_flagged",
            )
        ),
    ]
    repayments: list[tuple[str, Code, dict[str, Any]]] = [
        ("chargeback of no payment", Code.FIELD_MISSING, {"payment_id": None}),
        ("chargeback of nothing", Code.AMOUNT_TOO_SMALL, {"amount": 0}),
        ("chargeback valued in words", Code.DATE_NOT_ISO, {"value_date": "today"}),
    ]
    return [
        *(
            BadMessage(name, code, SERVICING, loan.encode(), as_json(data), ce_headers(f"loan.{kind}"))
            for name, code, kind, data in kinds
        ),
        BadMessage(
            "servicing of another loan's key",
            Code.KEY_IS_NOT_LOAN_ID,
            SERVICING,
            b"L-OTHER",
            as_json(charge),
            ce_headers("loan.charge_posted"),
        ),
        BadMessage(
            "repayment on the topic of servicing",
            Code.TYPE_NOT_ON_TOPIC,
            SERVICING,
            loan.encode(),
            as_json(repayment(loan)),
            ce_headers("loan.repaid"),
        ),
        *(
            BadMessage(
                name,
                code,
                REPAYMENTS,
                loan.encode(),
                as_json({field: value for field, value in (back | changes).items() if value is not None}),
                ce_headers("loan.charged_back"),
            )
            for name, code, changes in repayments
        ),
    ]
