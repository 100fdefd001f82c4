"""A mail's commands before its data, sent together where the server allows it (RFC 2920).

They take one round trip then, instead of one each.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable

from chalicelib.confirmation.replies import Reply, is_decision


class Pipeline:
    """Gives the replies to `commands`, one after the other.

    Where the commands do not go out together, each is sent when its reply is asked for. `bound`
    limits the next wait of the connection. Raises what smtplib does, and OSError.
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
        """After a refusal: read the replies to what is out already.

        Whether the connection can still be used. It cannot where the server wants the data all the
        same: they end with the connection, and nobody gets them (RFC 5321 4.1.1.4).
        """
        return not self._together or all(is_decision(self.reply()) for _ in list(self._waiting))
