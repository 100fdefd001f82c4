"""Sets check-ins back to `due`, so that the sweep mails their confirmations.

This can safely be repeated: it leaves mails alone that are owed, being sent or sent, unless it gets
a corrected address or is asked for another copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Protocol

from chalicelib.attendance.check_in import CheckIn
from operations.standing import is_owed

Outcome = Literal["put back", "left alone", "changed meanwhile"]


class CheckIns(Protocol):
    def owe(self, check_in: CheckIn, now: datetime, email: str | None = None) -> bool: ...


class Resend:
    """`email` is a corrected address; `again` asks for another copy of a mail that was sent.

    `outcomes` and `remarks` are filled while it runs. Each remark is a check-in id and the reason
    why its mail is not sent.
    """

    def __init__(self, email: str | None = None, *, again: bool = False) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.remarks: list[tuple[str, str]] = []
        self._email = email
        self._again = again

    def check(self, check_ins: Iterable[CheckIn]) -> None:
        """Do everything except writing."""
        for _ in self._wanted(check_ins):
            self.outcomes["put back"] += 1

    def run(self, check_ins: Iterable[CheckIn], table: CheckIns, now: datetime) -> None:
        """Put them back to `due`. Raises StorageUnavailable."""
        for check_in in self._wanted(check_ins):
            if table.owe(check_in, now, self._email):
                self.outcomes["put back"] += 1
            else:
                self.outcomes["changed meanwhile"] += 1
                self._remark(check_in, "changed meanwhile: run this again")

    def _wanted(self, check_ins: Iterable[CheckIn]) -> Iterable[CheckIn]:
        for check_in in check_ins:
            reason = self._why_left_alone(check_in)
            if reason:
                self.outcomes["left alone"] += 1
                self._remark(check_in, f"left alone: {reason}")
            else:
                yield check_in

    def _why_left_alone(self, check_in: CheckIn) -> str | None:
        """A mail that is being sent is left alone, even with a new address or `again`."""
        new_address = self._email not in (None, check_in.email)
        reason = None
        match check_in.delivery:
            case "sending":
                reason = "it is being mailed now"
            case "no_address" if not new_address:
                reason = "it has no address; give it one with --email"
            case _ if new_address or self._again:
                pass
            case "due":
                reason = "it is due, and the sweep mails it"
            case "unclear" if is_owed(check_in):
                reason = "it is unclear, and the sweep mails it once more"
            case "sent":
                reason = "it is sent; --again mails another copy"
        return reason

    def _remark(self, check_in: CheckIn, text: str) -> None:
        self.remarks.append((check_in.check_in_id, text))
