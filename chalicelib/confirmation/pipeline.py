"""Sends the commands before a mail's data together, if the server allows it (RFC 2920).

They then take one round trip in all, instead of one each.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable

from chalicelib.confirmation.replies import Reply, is_decision


class Pipeline:
    """Returns the replies to `commands` one by one.

    Without pipelining each command is sent when its reply is asked for. `bound` limits the next
    wait on the connection. The methods raise smtplib's errors and OSError.
    """

    def __init__(
        self, smtp: smtplib.SMTP, bound: Callable[[smtplib.SMTP], None], *commands: str
    ) -> None:
        self._smtp = smtp
        self._bound = bound
        self._waiting = list(commands)
        self._together = bool(smtp.has_extn("pipelining"))
        if self._together:
            bound(smtp)
            smtp.send("".join(f"{command}\r\n" for command in commands))

    def reply(self) -> Reply:
        command = self._waiting.pop(0)
        self._bound(self._smtp)
        if not self._together:
            self._smtp.putcmd(command)
        return self._smtp.getreply()

    def abandon(self) -> bool:
        """Read the outstanding replies after a refusal; whether the connection is still usable.

        It is not if the server asks for the data anyway: closing the connection then makes sure
        that nobody gets a mail (RFC 5321 4.1.1.4).
        """
        return not self._together or all(is_decision(self.reply()) for _ in list(self._waiting))
