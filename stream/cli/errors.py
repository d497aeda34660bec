"""What ends a command: one clean line on stderr, and an exit status that scripts can tell apart."""

from __future__ import annotations

EXIT_STATUSES = {
    0: "done",
    1: "failed (Kafka or another service)",
    2: "wrong option, argument or setting",
    3: "input refused",
    4: "topics missing or not as laid out",
    130: "interrupted",
}


class CommandError(Exception):
    """The command can't do what was asked; the message says what to do next."""

    exit_status = 1


class UsageError(CommandError):
    """An option, an argument or a setting is wrong."""

    exit_status = 2


class InputError(CommandError):
    """What was to be read is wrong."""

    exit_status = 3


class LayoutError(CommandError):
    """Topics are missing or not as the layout has them."""

    exit_status = 4
