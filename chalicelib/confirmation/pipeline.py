"""A mail's commands before its data, sent together where the server allows it (RFC 2920).

A round trip then, where each command would take one.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable

from chalicelib.confirmation.replies import Reply, is_decision


class Pipeline:
    """Gives the replies to `commands`, one after the other.

    Where they do not go out together, each is sent when its reply is asked for. `in_time` bounds
    the next wait of `smtp`. That gives the interpreter to other threads, so commands that
    go out together leave first, under the last wait's bound. Raises what smtplib does, and OSError.
    """

    def __init__(
        self,
        smtp: smtplib.SMTP,
        in_time: Callable[[smtplib.SMTP], smtplib.SMTP],
        *commands: str,
    ) -> None:
        self._smtp = smtp
        self._in_time = in_time
        self._waiting = list(commands)
        self._together = bool(smtp.has_extn("pipelining"))
        if self._together:
            smtp.send("".join(f"{command}\r\n" for command in commands))

    def reply(self) -> Reply:
        command = self._waiting.pop(0)
        smtp = self._in_time(self._smtp)
        if not self._together:
            smtp.putcmd(command)
        return smtp.getreply()

    def abandon(self) -> bool:
        """After a refusal: let the replies to what is out already come in.

        Whether the connection can be used on. It cannot where the server wants the data all the
        same: they end with the connection, and nobody gets them (RFC 5321 4.1.1.4).
        """
        return not self._together or all(is_decision(self.reply()) for _ in list(self._waiting))
