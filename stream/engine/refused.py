"""A fact that a loan's history forbids."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818  (the field's word)
    """The loan's history forbids this fact; `reason_code` says why."""

    def __init__(self, reason_code: str) -> None:
        super().__init__(reason_code)
        self.reason_code = reason_code
