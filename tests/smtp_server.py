"""An SMTP server on loopback that follows a script, and remembers what it heard.

Without a script it takes every mail. A script makes it answer differently, step by step:

    server.on("RCPT", "450 4.2.1 later")         the next RCPT, and that one only
    server.on("DATA", GO_ON, DROP)               the second DATA
    server.on("end", STALL, about="hana@")       the end of the next mail for her
    server.always("AUTH", "535 5.7.8 no")        every login, until `forget`

A step is a command, "connect" (before anything, TLS too), "banner" (the first line) or "end" (the
dot that ends the data). Whatever the server does at "end", the mail has arrived: it is in `mails`,
and its `accepted` and `refused` say what the client was told. If both are false, it heard nothing.
"""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Literal

from script import Script

Step = Literal[
    "connect",
    "banner",
    "EHLO",
    "HELO",
    "STARTTLS",
    "AUTH",
    "MAIL",
    "RCPT",
    "DATA",
    "end",
    "RSET",
    "QUIT",
]
Security = Literal["tls", "starttls", "none"]

_CRLF = b"\r\n"
_END = b".\r\n"
_ACCEPTING: dict[str, str] = {
    "banner": "220 smtp.example.com ready",
    "HELO": "250 smtp.example.com",
    "STARTTLS": "220 2.0.0 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 sender ok",
    "RCPT": "250 2.1.5 recipient ok",
    "DATA": "354 go ahead",
    "end": "250 2.0.0 taken",
    "RSET": "250 2.0.0 forgotten",
    "QUIT": "221 2.0.0 bye",
}


class Fault(Enum):
    DROP = auto()  # close the connection without a word
    STALL = auto()  # say nothing until the client hangs up
    LATE = auto()  # answer as without a script, but only after the client has hung up
    GO_ON = auto()  # no fault: do as without a script


DROP, STALL, LATE, GO_ON = Fault.DROP, Fault.STALL, Fault.LATE, Fault.GO_ON

# A str is sent as the reply; lines within it end in CRLF. A callable is called when the step comes,
# in the connection's thread, and says what to do then.
Action = str | Fault | Callable[[], "Action"]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail whose end arrived. `content` is what the client meant: its dots are undoubled."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    accepted: bool
    refused: bool


@dataclass(slots=True)
class Session:
    """One connection. `commands` are the lines before and between the data, without CRLF."""

    commands: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    secured: bool = False

    def count(self, verb: str) -> int:
        return sum(command.upper().startswith(verb) for command in self.commands)


class SmtpServer(socketserver.ThreadingTCPServer):
    """Serves until `stop`; each connection has a thread.

    `tls` is the certificate's context; any `security` but none needs it. If AUTH is among the
    extensions, any login is accepted.
    """

    def __init__(
        self,
        security: Security = "none",
        tls: ssl.SSLContext | None = None,
        *,
        extensions: tuple[str, ...] = ("SIZE 1000000", "AUTH PLAIN"),
    ) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.port: int = self.socket.getsockname()[1]
        self.security = security
        self.tls = tls
        self.extensions = extensions
        self.sessions: list[Session] = []
        self.mails: list[Mail] = []
        self._script = Script[Action]()
        self._lock = threading.Lock()
        self._open: dict[socket.socket, _Conversation] = {}
        self._loop = threading.Thread(target=self.serve_forever, args=(0.02,), name="smtp-server")
        self._loop.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def accepted(self) -> list[Mail]:
        return [mail for mail in self.mails if mail.accepted]

    def on(self, step: Step, *actions: Action, about: str = "") -> None:
        """Do these, one after the other, the next times that `step` comes.

        `about` limits that to commands with this text in their line or, from RCPT on, in a
        recipient.
        """
        self._script.on(step, *actions, about=about)

    def always(self, step: Step, action: Action, about: str = "") -> None:
        """Do this whenever `step` comes, for `about`, until `forget`."""
        self._script.always(step, action, about)

    def forget(self) -> None:
        """Take every mail again."""
        self._script.forget()

    def action(self, step: str, text: str = "") -> str | Fault:
        """What to do now."""
        action = self._script.action(step, text) or GO_ON
        while not isinstance(action, str | Fault):
            action = action()
        return action

    def hang_up(self, farewell: str = "") -> None:
        """Close every connection, as a server does with idle ones."""
        with self._lock:
            conversations = list(self._open.values())
        for conversation in conversations:
            conversation.hang_up(farewell)

    def stop(self) -> None:
        """Close everything, and return when every session has ended. A second call does nothing."""
        self.shutdown()
        self._loop.join()
        self.hang_up()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        session = Session()
        self.sessions.append(session)
        with self._lock:
            self._open[request] = _Conversation(self, request, session)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  -- socketserver names them
        conversation = self._open[request]
        try:
            with suppress(OSError):  # the client may hang up, or refuse the certificate
                conversation.run()
        finally:
            with self._lock:
                del self._open[request]
            conversation.close()

    def handle_error(self, *_: Any) -> None:
        raise  # noqa: PLE0704  -- called while the error is handled; here it has to fail the test


class _Conversation:
    def __init__(self, server: SmtpServer, connection: socket.socket, session: Session) -> None:
        self._server = server
        self._session = session
        self._connection = connection
        self._file = connection.makefile("rb")
        self._sender = ""
        self._recipients: list[str] = []

    def run(self) -> None:
        action = self._server.action("connect")
        if action is GO_ON:
            if self._server.security == "tls":
                self._secure()
            action = self._server.action("banner")
        going = bool(self._act(action, _ACCEPTING["banner"]))
        while going and (line := self._file.readline()):
            command = line.removesuffix(_CRLF).decode("latin-1")
            self._session.commands.append(command)
            going = self._obey(command)

    def hang_up(self, farewell: str) -> None:
        with suppress(OSError):
            if farewell:
                self._send(farewell)
            # Not SSLSocket's own, which takes the TLS state away from the thread that reads.
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR)

    def close(self) -> None:
        self._file.close()
        self._connection.close()

    def _obey(self, command: str) -> bool:
        """Whether the conversation goes on."""
        step = command.partition(" ")[0].upper()
        match step:
            case "AUTH":
                self._session.logins.append(_credentials(command))
            case "MAIL":
                self._sender, self._recipients = _address(command), []
            case "RCPT":
                self._recipients.append(_address(command))
        reply = self._answer(step, command)
        match step, reply[:3]:
            case ("MAIL", code) if code != "250":
                self._sender = ""
            case ("RCPT", code) if code != "250":
                self._recipients.pop()
            case "STARTTLS", "220":
                self._secure()
            case "DATA", "354":
                reply = self._take()
            case "QUIT", _:
                return False
        # Neither after silence nor after 421, which says goodbye (RFC 5321 4.2.1).
        return bool(reply) and not reply.startswith("421")

    def _greeting(self) -> str:
        offers = ["smtp.example.com", *self._server.extensions]
        if self._server.security == "starttls" and not self._session.secured:
            offers.append("STARTTLS")
        *first, last = offers
        return "\r\n".join([*(f"250-{offer}" for offer in first), f"250 {last}"])

    def _take(self) -> str:
        """The data, ended by a dot on its own between CRLFs and by nothing less (RFC 5321)."""
        data = bytearray()
        while data != _END and not data.endswith(_CRLF + _END):
            line = self._file.readline()
            if not line:
                return ""
            data += line
        # A line's first dot was doubled, also in the first line, which no CRLF precedes.
        content = (_CRLF + bytes(data).removesuffix(_END)).replace(b"\r\n..", b"\r\n.")
        action = self._server.action("end", " ".join(self._recipients))
        told = action if isinstance(action, str) else _ACCEPTING["end"] if action is GO_ON else ""
        mail = Mail(
            self._sender,
            tuple(self._recipients),
            content[len(_CRLF) :],
            accepted=told.startswith("250"),
            refused=told.startswith(("4", "5")),
        )
        self._server.mails.append(mail)
        return self._act(action, _ACCEPTING["end"])

    def _answer(self, step: str, line: str) -> str:
        """The reply that was sent; "" where none was."""
        about = self._recipients if step == "DATA" else ()
        action = self._server.action(step, " ".join((line, *about)))
        return self._act(action, self._usual(step))

    def _usual(self, step: str) -> str:
        if step == "EHLO":
            return self._greeting()
        if (step == "RCPT" and not self._sender) or (step == "DATA" and not self._recipients):
            return "503 5.5.1 not yet"
        return _ACCEPTING.get(step, "500 5.5.1 what?")

    def _act(self, action: str | Fault, usual: str) -> str:
        """The reply that was sent; "" where none was."""
        if action in (STALL, LATE):
            self._await_hang_up()
        if action in (STALL, DROP):
            return ""
        reply = action if isinstance(action, str) else usual
        self._send(reply)
        return reply

    def _await_hang_up(self) -> None:
        while self._file.read(4096):
            pass

    def _send(self, reply: str) -> None:
        self._connection.sendall(reply.encode() + _CRLF)

    def _secure(self) -> None:
        assert self._server.tls, "a server with TLS needs a certificate"
        self._file.close()
        connection = self._server.tls.wrap_socket(
            self._connection, server_side=True, do_handshake_on_connect=False
        )
        self._connection = connection  # before the handshake, so that hang_up finds it
        self._file = connection.makefile("rb")
        connection.do_handshake()
        self._session.secured = True


def _address(command: str) -> str:
    return command.partition("<")[2].partition(">")[0]


def _credentials(command: str) -> tuple[str, str]:
    """User and password of AUTH PLAIN with an initial response (RFC 4616)."""
    _, user, password = base64.b64decode(command.split(" ")[2]).decode().split("\0")
    return user, password
