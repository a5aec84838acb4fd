"""What a trainer says when it cannot go on. The exit codes are part of the contract."""

from __future__ import annotations

EXIT_REFUSED = 2
EXIT_MACHINE = 3
# As if SIGTERM had ended it, which is what it was told, or whoever started it is gone.
EXIT_STOPPED = 143


class Refused(Exception):
    """A job, part or model that cannot be accepted: what was expected, what was found and where, what to do."""

    def __init__(self, error: str, todo: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.todo = todo
