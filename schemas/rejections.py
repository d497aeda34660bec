"""Why a message is refused: the closed list of reason codes, one sentence each."""

from __future__ import annotations

from enum import StrEnum


class RejectionCode(StrEnum):
    """A reason code of a dead letter; `meaning` says in one sentence what was wrong and what to send instead."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> RejectionCode:
        """A member is its code; the sentence comes along."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    # The record
    VALUE_MISSING = "value_missing", "The record has no value; send a reversal or cancellation instead of deleting."
    VALUE_EMPTY = "value_empty", "The value has no bytes; send a JSON object."
    VALUE_TOO_LARGE = "value_too_large", "The value is larger than 256 KiB."
    TOO_MANY_HEADERS = "too_many_headers", "The record has more than 64 headers."
    HEADER_TOO_LARGE = "header_too_large", "A header is larger than 4 KiB, or all together than 16 KiB."
    HEADER_REPEATED = "header_repeated", "A ce_ header or the content-type is there more than once."
    HEADER_INVALID = "header_invalid", "A ce_ header or the content-type has no value or is not UTF-8."
    CONTENT_TYPE_UNSUPPORTED = (
        "content_type_unsupported",
        "The content type is neither application/json (binary mode) nor application/cloudevents+json (structured).",
    )
    CONFLUENT_WIRE_FORMAT = (
        "confluent_wire_format",
        "The value starts with byte 0, as a schema registry's serializer writes it; send plain JSON.",
    )
    KEY_MISSING = "key_missing", "The record has no key; the key is the loan's id, of a signal the borrower's."
    KEY_IS_NOT_BORROWER_ID = (
        "key_is_not_borrower_id",
        "The key of a signal differs from data.borrower_id; it is the borrower's id in UTF-8.",
    )
    KEY_IS_NOT_LOAN_ID = "key_is_not_loan_id", "The key differs from data.loan_id; the key is the loan's id in UTF-8."
    MISROUTED = (
        "misrouted",
        "The record lies on another partition than murmur2 of its key gives; with librdkafka set "
        "partitioner=murmur2_random, then send it again (overdue dlq redrive takes the right partition).",
    )

    # JSON
    NOT_UTF8 = "not_utf8", "The value is not UTF-8."
    JSON_TRUNCATED = "json_truncated", "The JSON ends too early."
    JSON_INVALID = "json_invalid", "The value is not JSON."
    JSON_NOT_OBJECT = "json_not_object", "The value is JSON but not an object."
    JSON_KEY_REPEATED = "json_key_repeated", "An object names one key twice, so it is unclear which value counts."
    JSON_TOO_DEEP = "json_too_deep", "The JSON is nested deeper than 100 levels."
    JSON_TOO_MANY_PARTS = "json_too_many_parts", "The JSON has more than 10,000 objects and lists, or 15,000 commas."
    NUMBER_NOT_FINITE = "number_not_finite", "A number is NaN, Infinity or beyond every float; JSON has none of them."
    NUMBER_TOO_LONG = "number_too_long", "A number has more than 40 characters."

    # The envelope
    ATTRIBUTE_MISSING = "attribute_missing", "One of id, source, type, time and data is missing."
    ATTRIBUTE_INVALID = "attribute_invalid", "A CloudEvents attribute has the wrong type, length or characters."
    SPECVERSION_UNKNOWN = "specversion_unknown", 'The specversion is there and is not "1.0".'
    DATASCHEMA_UNKNOWN = "dataschema_unknown", "The dataschema names a version of this contract that is not known here."
    TYPE_UNKNOWN = "type_unknown", "The catalogue has no event of this type."
    TYPE_NOT_ON_TOPIC = "type_not_on_topic", "Events of this type belong on another topic; see the catalogue."
    TIME_INVALID = "time_invalid", "The time is not RFC 3339, impossible, or outside 1900 to 2199."
    TIME_WITHOUT_ZONE = "time_without_zone", "The time has neither Z nor an offset."
    DATA_NOT_OBJECT = "data_not_object", "data is not a JSON object."

    # The data
    FIELD_MISSING = "field_missing", "A required field is missing."
    FIELD_TYPE_WRONG = "field_type_wrong", "A field has the wrong JSON type."
    MONEY_NOT_INTEGER = "money_not_integer", "An amount has a fraction or exponent; send integer minor units."
    AMOUNT_TOO_SMALL = "amount_too_small", "An amount is negative, or 0 where at least 1 is needed."
    AMOUNT_TOO_LARGE = "amount_too_large", "An amount is above 10^15 minor units."
    NUMBER_OUT_OF_RANGE = "number_out_of_range", "A number lies outside the range that its field allows."
    ID_EMPTY = "id_empty", "An id is empty."
    ID_TOO_LONG = "id_too_long", "An id is longer than 64 characters (an event id: 128)."
    ID_CHARACTERS = (
        "id_characters",
        "An id has a character other than A-Z a-z 0-9 . _ : @ + = / - or starts with a sign.",
    )
    DATE_NOT_ISO = "date_not_iso", "A date is not written YYYY-MM-DD."
    DATE_IMPOSSIBLE = "date_impossible", "A date is not in the calendar."
    DATE_OUT_OF_RANGE = "date_out_of_range", "A date lies outside 1900-01-01 to 2199-12-31."
    CURRENCY_INVALID = "currency_invalid", "The currency is not three capital letters, as ISO 4217 has them."
    RATE_INVALID = "rate_invalid", 'The rate is not a plain decimal text such as "0.12".'
    PERCENT_INVALID = "percent_invalid", 'A percentage is not a decimal text from "0" to "100", two decimals at most.'
    VALUE_NOT_ALLOWED = "value_not_allowed", "A field with a closed list of values has another one."
    TOO_MANY_ITEMS = "too_many_items", "A list has more items than its field allows."
    SCHEDULE_EMPTY = "schedule_empty", "The schedule has no installment."
    SCHEDULE_TOO_LONG = "schedule_too_long", "The schedule has more than 1200 installments."
    INSTALLMENT_EMPTY = "installment_empty", "An installment comes to 0."
    INSTALLMENT_NUMBER_REPEATED = "installment_number_repeated", "Two installments have one number."
    DUE_DATES_DESCEND = "due_dates_descend", "An installment is due before one with a lower number."
    ALLOCATIONS_EXCEED_AMOUNT = "allocations_exceed_amount", "More is allocated than was paid."

    # What the loan's state forbids
    VALUE_DATE_TOO_FAR_AHEAD = "value_date_too_far_ahead", "The value date lies more than 31 days ahead."
    LOAN_UNKNOWN = "loan_unknown", "The event waited 30 business days for its loan's disbursement in vain."
    TOO_MANY_WAITING = "too_many_waiting", "64 events wait for this loan's disbursement already."
    LOAN_ALREADY_DISBURSED = "loan_already_disbursed", "The loan was disbursed by another event."
    LOAN_NOT_ACTIVE = (
        "loan_not_active",
        "The loan was cancelled, closed, written off or transferred (a pause: or is settled), and takes no such event.",
    )
    PAYMENT_ALREADY_REVERSED = "payment_already_reversed", "The payment was reversed by another reversal."
    OLDER_THAN_REPLAY_HORIZON = (
        "older_than_replay_horizon",
        "The value date lies behind the policy's replay horizon; what was then is an opening balance now.",
    )
    CREDIT_BALANCE_TOO_SMALL = "credit_balance_too_small", "More credit was to be paid out than the loan has."
    LOAN_NOT_WRITTEN_OFF = "loan_not_written_off", "A recovery is for a loan that was written off; this one was not."
    DATE_BEFORE_DISBURSEMENT = (
        "date_before_disbursement",
        "The date lies before the loan's disbursement; check the date and the loan.",
    )
    PAYMENT_CHARGED_BACK = (
        "payment_charged_back",
        "The payment was charged back; it can't be reversed as well, or the money would be taken back twice.",
    )
    CHARGEBACK_EXCEEDS_PAYMENT = (
        "chargeback_exceeds_payment",
        "All chargebacks of the payment together come to more than was paid.",
    )
    INSTALLMENT_UNKNOWN = (
        "installment_unknown",
        "The loan's schedule has no installment of this number; leave the number out to charge by the due date.",
    )
    CHARGE_UNKNOWN = "charge_unknown", "The loan has no charge of this id that could be waived; post the charge first."
    STATUS_ALREADY_SET = "status_already_set", "The loan has this status already."
    PAUSE_BEFORE_DISBURSEMENT = "pause_before_disbursement", "A pause begins on or after the loan's disbursement date."
    PAUSE_TOO_SHORT = "pause_too_short", "The end of a pause lies after its start."
    PAUSE_OVERLAP = (
        "pause_overlap",
        "The pause overlaps one that the loan has; only the last day of one may be the first of the next.",
    )
    MISSING_START_DATE = "missing_start_date", "A pause needs its start_date."
    MISSING_END_DATE = "missing_end_date", "A pause needs its end_date; to end it earlier, resume it on the day."
    MISSING_RESUME_DATE = "missing_resume_date", "A resume needs its resume_date, the local date of the event's time."
    RESUME_NOT_ON_BUSINESS_DATE = (
        "resume_not_on_business_date",
        "A resume counts on the day on which it is recorded: resume_date is the local date of the event's time.",
    )
    RESUME_HAS_END_DATE = "resume_has_end_date", "A resume has no end_date; pause again where that is meant."
    RESUME_DUPLICATE = "resume_duplicate", "The loan was resumed on this day already."
    RESUME_WITHOUT_ACTIVE_PAUSE = "resume_without_active_pause", "No pause of the loan runs on the resume_date."
    INDICATION_UNKNOWN = (
        "indication_unknown",
        "The indication that is to end is not in force on that day; set it first, or check the date.",
    )
    RE_AGE_TOO_EARLY = "re_age_too_early", "The loan has not been on the books for the months that the policy asks for."
    RE_AGE_TOO_OFTEN = "re_age_too_often", "The loan was re-aged before, more recently than the policy allows."
    RE_AGE_WITHOUT_PAYMENTS = (
        "re_age_without_payments",
        "Before a re-age as many consecutive payments are needed as the policy asks for, or as much money.",
    )
