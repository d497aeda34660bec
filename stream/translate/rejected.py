"""A message that is refused, with its reason."""

from __future__ import annotations

from schemas.rejections import RejectionCode


class Rejected(Exception):  # noqa: N818  (a verdict on a message, not an error of the program)
    """A message is refused: it goes to the dead letters, and its neighbours are untouched.

    Attributes:
        reason_code: Code of the reason, from `RejectionCode`.
        message: What is wrong and where, for a person; never a value from the message.
        event_id: Id of the event, where it could be read.
    """

    def __init__(self, reason_code: RejectionCode, message: str | None = None, event_id: str | None = None) -> None:
        """The message defaults to the meaning of the code."""
        self.reason_code = reason_code
        self.message = message or reason_code.meaning
        self.event_id = event_id
        super().__init__(f"{reason_code}: {self.message}")
