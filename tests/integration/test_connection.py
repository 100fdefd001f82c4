"""Sends one mail to a real server on loopback, which misbehaves at each step."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from smtp_server import DROP, GO_ON, STALL, Action, Security, SmtpServer, Step

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation import connection as module
from chalicelib.confirmation.composer import Message
from chalicelib.confirmation.connection import Connection
from chalicelib.confirmation.replies import (
    DeliveryError,
    Halted,
    Postponed,
    Rejected,
    Throttled,
    Unclear,
)
from chalicelib.settings import MailSettings, Secret
from chalicelib.storage.parameters import KeptSecret

RECIPIENT = "hana@example.com"
MAIL = b"From: hello@example.com\r\nTo: hana@example.com\r\nSubject: hello\r\n\r\nhello\r\n"
PASSWORD = "a password"
SECONDS = 600.0  # for one mail: more than any of them needs on a busy machine

# Servers repeat the address, but no error text may contain it.
LATER = f"450 4.2.1 <{RECIPIENT}> later"
NEVER = f"550 5.1.1 <{RECIPIENT}> unknown"
CLOSING = "421 4.3.2 closing"
GARBAGE = "hello? hana@example.com?"
RATE = "454 4.7.0 Throttling failure: maximum sending rate exceeded"
QUOTA = "550-5.4.5 Daily user sending limit exceeded\r\n550 5.4.5 for hello@example.com"

Connect = Callable[..., Connection]


@pytest.fixture(params=[(), ("PIPELINING",)], ids=["step by step", "pipelining"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    """Each way to send a mail's commands."""
    with SmtpServer(extensions=("SIZE 1000000", "AUTH PLAIN", *request.param)) as server:
        yield server


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes connections for a server; each is closed at the end.

    `facing` is what the server will do: a stall is waited out, so that SMTP_TIMEOUT is short there.
    All other answers get the time that a busy machine needs.
    """
    made: list[Connection] = []

    def make(
        server: SmtpServer,
        *,
        security: Security | None = None,
        username: str | None = None,
        password: Callable[[], str] = lambda: PASSWORD,
        facing: Action = GO_ON,
        messages: int = 100,
    ) -> Connection:
        settings = MailSettings(
            host="127.0.0.1",
            port=server.port,
            security=security or server.security,
            username=username,
            password=Secret(),
            timeout=3 if facing is STALL else 300,
            connections=1,
            messages_per_connection=messages,
            sender=("Meetup", "hello@example.com"),
            reply_to=None,
        )
        made.append(Connection(settings, KeptSecret(password)))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def connection(server: SmtpServer, connect: Connect) -> Connection:
    return connect(server)


def send(connection: Connection, recipient: str = RECIPIENT, content: bytes = MAIL) -> None:
    connection.send(Message(recipient, content), SECONDS)


def failure(
    connection: Connection,
    recipient: str = RECIPIENT,
    seconds: float = SECONDS,
    content: bytes = MAIL,
) -> DeliveryError:
    """The error of a mail that fails. It never contains personal data."""
    with pytest.raises(DeliveryError) as caught:
        connection.send(Message(recipient, content), seconds)
    assert "@" not in str(caught.value)
    assert "hana" not in str(caught.value)
    return caught.value


# A silent server is waited for in real time.
SILENT = pytest.param(STALL, marks=pytest.mark.full)

# The connection


def test_several_mails_go_over_one_connection(server: SmtpServer, connection: Connection) -> None:
    recipients = [f"{name}@example.com" for name in ("hana", "duri", "sena")]
    for recipient in recipients:
        send(connection, recipient)
    assert [mail.recipients for mail in server.accepted] == [(each,) for each in recipients]
    assert {mail.sender for mail in server.accepted} == {"hello@example.com"}
    assert len(server.sessions) == 1


def test_nothing_is_sent_to_the_server_before_the_first_mail(
    server: SmtpServer, connection: Connection
) -> None:
    connection.close()
    assert server.sessions == []


@pytest.mark.parametrize("farewell", ["", "421 4.4.2 idle for too long"])
def test_a_connection_that_the_server_closed_while_idle_is_replaced(
    server: SmtpServer, connection: Connection, farewell: str
) -> None:
    send(connection)
    server.hang_up(farewell)
    send(connection, "duri@example.com")
    assert [mail.recipients[0] for mail in server.mails] == [RECIPIENT, "duri@example.com"]
    assert len(server.sessions) == 2


@pytest.mark.parametrize("action", [CLOSING, DROP, SILENT])
def test_an_idle_connection_that_refuses_the_sender_is_replaced(
    server: SmtpServer, connect: Connect, action: Action
) -> None:
    connection = connect(server, facing=action)
    server.on("MAIL", GO_ON, action)
    send(connection)
    send(connection)
    assert len(server.mails) == 2
    assert len(server.sessions) == 2


def test_a_connection_is_replaced_once_and_not_again(
    server: SmtpServer, connection: Connection
) -> None:
    send(connection)
    server.on("MAIL", DROP, DROP)
    assert type(failure(connection)) is Postponed
    assert len(server.sessions) == 2


def test_the_batch_stops_if_an_idle_connection_cannot_be_replaced(
    server: SmtpServer, connection: Connection
) -> None:
    send(connection)
    server.stop()
    assert type(failure(connection)) is Halted


def test_a_server_without_extensions_gets_mail(server: SmtpServer, connection: Connection) -> None:
    server.on("EHLO", "502 5.5.1 what?")
    send(connection)
    assert len(server.accepted) == 1


# Being ready, before a mail is claimed


def test_ready_connects_and_logs_in(server: SmtpServer, connect: Connect) -> None:
    connection = connect(server, username="hello@example.com")
    connection.ready(SECONDS)
    assert server.sessions[0].logins == [("hello@example.com", PASSWORD)]
    assert server.sessions[0].count("MAIL") == 0


@pytest.mark.parametrize(("action", "expected"), [(NEVER, Halted), (CLOSING, Throttled)])
def test_a_failed_ready_raises_and_can_be_repeated(
    server: SmtpServer, connection: Connection, action: Action, expected: type[Halted]
) -> None:
    server.on("connect", action)
    with pytest.raises(Halted) as caught:
        connection.ready(SECONDS)
    assert type(caught.value) is expected
    connection.ready(SECONDS)
    send(connection)
    assert len(server.accepted) == 1


@pytest.mark.parametrize("messages", [1, 2])
def test_a_connection_is_replaced_politely_after_so_many_mails(
    server: SmtpServer, connect: Connect, messages: int
) -> None:
    connection = connect(server, messages=messages)
    for _ in range(2 * messages + 1):
        connection.ready(SECONDS)
        send(connection)
    assert [session.count("MAIL") for session in server.sessions] == [messages, messages, 1]
    assert [session.count("QUIT") for session in server.sessions] == [1, 1, 0]
    assert len(server.accepted) == 2 * messages + 1


# In time


class Clock:
    """A clock for the deadlines only; waiting for a reply takes real time."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def pass_at(self, server: SmtpServer, step: Step, seconds: float) -> None:
        """Let this much time pass before the server's next answer at that step."""

        def late() -> Action:
            self.now += seconds
            return GO_ON

        server.on(step, late)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.full
@pytest.mark.parametrize(
    ("step", "expected"),
    [("RCPT", Postponed), ("end", Unclear)],
)
def test_a_silent_server_delays_a_mail_no_longer_than_allowed(
    server: SmtpServer, connect: Connect, step: Step, expected: type[DeliveryError]
) -> None:
    connection = connect(server)  # its timeout would be five minutes per answer
    connection.ready(SECONDS)
    server.on(step, STALL)
    begun = time.monotonic()
    assert type(failure(connection, seconds=4)) is expected
    assert time.monotonic() - begun < 150
    send(connection, "duri@example.com")
    assert [mail.recipients for mail in server.accepted] == [("duri@example.com",)]


def test_a_failed_connection_takes_only_a_share_of_the_time_left(
    server: SmtpServer, connection: Connection
) -> None:
    server.on("connect", STALL)
    begun = time.monotonic()
    with pytest.raises(Halted):
        connection.ready(0.5)
    assert time.monotonic() - begun < 150


@pytest.mark.parametrize(
    "late", [{"DATA": 76.0}, {"RCPT": 76.0}, {"MAIL": 30.0, "RCPT": 30.0, "DATA": 30.0}]
)
def test_the_data_is_not_sent_without_time_for_its_reply(
    server: SmtpServer, connection: Connection, clock: Clock, late: dict[Step, float]
) -> None:
    for step, seconds in late.items():
        clock.pass_at(server, step, seconds)
    assert type(failure(connection, seconds=100)) is Postponed
    connection.close()
    assert server.mails == []
    send(connection, "duri@example.com")
    assert [mail.recipients for mail in server.mails] == [("duri@example.com",)]


def test_the_data_is_sent_while_there_is_time_for_its_reply(
    server: SmtpServer, connection: Connection, clock: Clock
) -> None:
    for step in ("MAIL", "RCPT", "DATA"):
        clock.pass_at(server, step, 24)
    connection.send(Message(RECIPIENT, MAIL), 100)
    assert len(server.accepted) == 1


@pytest.mark.parametrize("server", [()], ids=["step by step"], indirect=True)
@pytest.mark.parametrize(("late", "next_step"), [("MAIL", "RCPT"), ("RCPT", "DATA")])
def test_nothing_more_is_sent_when_the_time_is_over(
    server: SmtpServer, connection: Connection, clock: Clock, late: Step, next_step: str
) -> None:
    clock.pass_at(server, late, 100)
    assert type(failure(connection, seconds=100)) is Postponed
    server.stop()  # which also ends the session
    assert server.sessions[0].count(late) == 1
    assert server.sessions[0].count(next_step) == 0


# The reasons, which organizers read


@pytest.mark.parametrize(
    ("step", "action", "reason"),
    [
        ("RCPT", NEVER, "recipient refused: 550 5.1.1"),
        ("RCPT", LATER, "recipient refused for now: 450 4.2.1"),
        ("RCPT", "550 no such user", "recipient refused: 550"),
        ("RCPT", f"550 5.1.1{RECIPIENT}", "recipient refused: 550"),
        ("RCPT", f"550-5.1.1 <{RECIPIENT}>\r\n550 5.1.1 unknown", "recipient refused: 550 5.1.1"),
        ("RCPT", QUOTA, "login or quota refused: 550 5.4.5"),
        ("RCPT", "530 5.7.0 authentication required", "login or quota refused: 530 5.7.0"),
        ("RCPT", CLOSING, "the server asks for a pause: 421 4.3.2"),
        ("RCPT", DROP, "connection lost before the data: SMTPServerDisconnected"),
        ("MAIL", NEVER, "sender refused: 550 5.1.1"),
        ("DATA", LATER, "message refused for now: 450 4.2.1"),
        ("end", NEVER, "message refused: 550 5.1.1"),
        ("end", RATE, "the server asks for a pause: 454 4.7.0"),
        ("end", DROP, "no reply to the data: SMTPServerDisconnected"),
        ("end", GARBAGE, "invalid reply to the data"),
        ("connect", NEVER, "no connection: 550"),
        ("connect", DROP, "no connection: SMTPServerDisconnected"),
    ],
)
def test_a_reason_says_what_was_refused_and_only_the_servers_codes(
    server: SmtpServer, connection: Connection, step: Step, action: Action, reason: str
) -> None:
    server.on(step, action)
    assert str(failure(connection)) == reason


# What each answer means

STEPS: list[Step] = ["MAIL", "RCPT", "DATA", "end"]
ANSWERS: list[Any] = [
    *[("connect", action, Halted) for action in (LATER, NEVER, DROP, GARBAGE)],
    ("connect", CLOSING, Throttled),
    ("EHLO", DROP, Halted),
    ("MAIL", LATER, Postponed),
    ("MAIL", NEVER, Halted),
    ("MAIL", CLOSING, Throttled),
    *[("MAIL", action, Postponed) for action in (DROP, GARBAGE)],
    ("RCPT", LATER, Postponed),
    ("RCPT", NEVER, Rejected),
    ("RCPT", "530 5.7.0 authentication required", Halted),
    ("RCPT", CLOSING, Throttled),
    ("RCPT", QUOTA, Halted),
    *[("RCPT", action, Postponed) for action in (DROP, GARBAGE, "350 go on", "2")],
    ("DATA", LATER, Postponed),
    ("DATA", NEVER, Rejected),
    ("DATA", CLOSING, Throttled),
    *[("DATA", action, Postponed) for action in (DROP, GARBAGE, "250 ok", "334 ")],
    ("end", LATER, Postponed),
    *[(step, RATE, Throttled) for step in STEPS],
    ("end", NEVER, Rejected),
    ("end", CLOSING, Throttled),
    ("end", QUOTA, Halted),
    *[("end", action, Unclear) for action in (DROP, GARBAGE, "354 go on", "2", "x" * 9000)],
    *[
        pytest.param(step, STALL, expected, marks=pytest.mark.full)
        for step, expected in (("connect", Halted), ("RCPT", Postponed), ("end", Unclear))
    ],
]


def _name(value: object) -> str | None:
    if isinstance(value, str):
        return value[:20]
    return value.__name__ if isinstance(value, type) else None


@pytest.mark.parametrize(("step", "action", "expected"), ANSWERS, ids=_name)
def test_a_reply_decides_about_its_mail_and_the_next_one_is_sent(
    server: SmtpServer,
    connect: Connect,
    step: Step,
    action: Action,
    expected: type[DeliveryError],
) -> None:
    connection = connect(server, facing=action)
    server.on(step, action)
    assert type(failure(connection)) is expected
    send(connection, "duri@example.com")
    assert [(mail.recipients, mail.content) for mail in server.accepted] == [
        (("duri@example.com",), MAIL)
    ]


@pytest.mark.parametrize("action", [LATER, NEVER, CLOSING, GARBAGE])
def test_a_server_that_refuses_both_greetings_halts(
    server: SmtpServer, connection: Connection, action: Action
) -> None:
    server.on("EHLO", action)
    server.on("HELO", action)
    assert type(failure(connection)) is Halted
    send(connection)
    assert len(server.accepted) == 1


@pytest.mark.parametrize("action", [LATER, NEVER, CLOSING, DROP, GARBAGE, f"{GARBAGE}\r\n250 ok"])
def test_a_refusal_is_reported_even_if_the_reset_fails(
    server: SmtpServer, connect: Connect, action: Action
) -> None:
    connection = connect(server, facing=action)
    server.on("RCPT", NEVER)
    server.on("RSET", action)
    assert type(failure(connection)) is Rejected
    for recipient in ("duri@example.com", "sena@example.com"):
        send(connection, recipient)
    assert [mail.recipients for mail in server.mails] == [
        ("duri@example.com",),
        ("sena@example.com",),
    ]


@pytest.mark.parametrize("server", [("PIPELINING",)], ids=["pipelining"], indirect=True)
def test_commands_that_went_out_together_are_all_answered_before_the_next_mail(
    server: SmtpServer, connection: Connection
) -> None:
    server.on("MAIL", LATER, NEVER)
    server.on("RCPT", GO_ON, GO_ON, LATER)
    assert type(failure(connection)) is Postponed
    assert type(failure(connection)) is Halted
    assert str(failure(connection)) == "recipient refused for now: 450 4.2.1"
    send(connection, "duri@example.com")
    assert [mail.recipients for mail in server.mails] == [("duri@example.com",)]
    assert len(server.sessions) == 1


@pytest.mark.parametrize("answer", ["354 go ahead", GARBAGE, CLOSING, DROP])
@pytest.mark.parametrize("server", [("PIPELINING",)], ids=["pipelining"], indirect=True)
def test_a_refused_recipient_gets_no_mail_even_if_the_server_asks_for_the_data(
    server: SmtpServer, connection: Connection, answer: Action
) -> None:
    server.on("RCPT", NEVER)
    server.on("DATA", answer)
    assert type(failure(connection)) is Rejected
    send(connection, "duri@example.com")
    assert [mail.recipients for mail in server.mails] == [("duri@example.com",)]
    assert len(server.sessions) == 2


# The content


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(MAIL, id="plain"),
        pytest.param(b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\nx.\r\n\r\n.\r\n", id="dots"),
        pytest.param(b".\r\n", id="a dot first"),
        pytest.param(b"Subject: x\r\n\r\n" + b"x" * 5000 + b"\r\n", id="a long line"),
        pytest.param(b"Subject: x\r\n\r\n\r\n\r\n\r\n", id="empty lines at the end"),
        pytest.param(b"Subject: x\r\n\r\n\x00\xff\r\n", id="any bytes"),
        pytest.param(b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 50_000, id="600 kB"),
    ],
)
def test_the_server_gets_exactly_the_given_bytes(
    server: SmtpServer, connection: Connection, content: bytes
) -> None:
    send(connection, content=content)
    assert server.accepted[0].content == content


# Saying goodbye


@pytest.mark.parametrize("action", [GO_ON, NEVER, CLOSING, DROP, SILENT, GARBAGE])
def test_a_failed_quit_affects_neither_the_mail_nor_the_next_connection(
    server: SmtpServer, connect: Connect, action: Action
) -> None:
    connection = connect(server, facing=action)
    server.on("QUIT", action)
    send(connection)
    connection.close()
    connection.close()
    assert server.sessions[0].count("QUIT") == 1
    send(connection)
    assert len(server.mails) == 2


# The login


def test_without_a_username_nobody_logs_in(server: SmtpServer, connect: Connect) -> None:
    def never() -> str:
        raise AssertionError("asked for a password without need")

    send(connect(server, password=never))
    assert server.sessions[0].count("AUTH") == 0


@pytest.mark.parametrize("username", ["hello@example.com", "AKIAEXAMPLE"])
def test_the_login_is_the_one_of_the_settings(
    server: SmtpServer, connect: Connect, username: str
) -> None:
    send(connect(server, username=username))
    assert server.sessions[0].logins == [(username, PASSWORD)]


def logins(server: SmtpServer) -> list[str]:
    """The passwords that were tried."""
    return [password for session in server.sessions for _, password in session.logins]


def test_the_password_is_read_once(server: SmtpServer, connect: Connect) -> None:
    passwords = iter(["the password"])
    connection = connect(server, username="hello@example.com", password=lambda: next(passwords))
    send(connection)
    server.hang_up()
    send(connection)
    assert logins(server) == ["the password", "the password"]


def test_a_password_that_is_refused_is_read_once_more(server: SmtpServer, connect: Connect) -> None:
    passwords = iter(["the old one", "the new one"])
    connection = connect(server, username="hello@example.com", password=lambda: next(passwords))
    server.on("AUTH", "535 5.7.8 wrong")
    send(connection)
    assert logins(server) == ["the old one", "the new one"]
    assert len(server.accepted) == 1


def test_a_password_that_has_not_changed_is_not_tried_again(
    server: SmtpServer, connect: Connect
) -> None:
    connection = connect(server, username="hello@example.com")
    server.on("AUTH", "535 5.7.8 wrong")
    assert type(failure(connection)) is Halted
    assert logins(server) == [PASSWORD]


@pytest.mark.parametrize(
    "action",
    [
        f"535 5.7.8 {PASSWORD} is not the password of hana@example.com",
        RATE,
        "530 5.7.0 not like this",
        "334 this is not base64!",
        CLOSING,
        DROP,
        SILENT,
        GARBAGE,
    ],
)
def test_a_failed_login_halts_and_does_not_reveal_the_password(
    server: SmtpServer,
    connect: Connect,
    action: Action,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("AUTH", action)
    connection = connect(server, username="hello@example.com", facing=action)
    error = failure(connection)
    assert type(error) is (Throttled if action in (RATE, CLOSING) else Halted)
    assert server.sessions[0].count("MAIL") == 0
    assert PASSWORD not in str(error) + caplog.text + "".join(capfd.readouterr())
    send(connection)
    assert len(server.accepted) == 1


def test_a_server_without_login_halts_if_one_is_configured(
    server: SmtpServer, connect: Connect
) -> None:
    server.extensions = ()
    assert type(failure(connect(server, username="hello@example.com"))) is Halted


def test_a_password_that_smtp_cannot_carry_halts(server: SmtpServer, connect: Connect) -> None:
    connection = connect(server, username="hello@example.com", password=lambda: "암호")
    error = failure(connection)
    assert type(error) is Halted
    assert "암" not in str(error)


def test_a_password_that_cannot_be_read_halts(server: SmtpServer, connect: Connect) -> None:
    def unreadable() -> str:
        raise StorageUnavailable("ThrottlingException")

    error = failure(connect(server, username="hello@example.com", password=unreadable))
    assert type(error) is Halted
    assert server.sessions == []


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def serve(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., SmtpServer]]:
    """Starts a server whose certificate is for `host`; `authority` is the one that is trusted."""
    roots = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(str(roots))
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    started: list[SmtpServer] = []

    def start(
        security: Security, *, issuer: trustme.CA = authority, host: str = "127.0.0.1"
    ) -> SmtpServer:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        issuer.issue_cert(host).configure_cert(context)
        started.append(SmtpServer(security, context))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_with_a_trusted_certificate_gets_login_and_mails(
    serve: Callable[..., SmtpServer], connect: Connect, security: Security
) -> None:
    server = serve(security)
    connection = connect(server, username="hello@example.com")
    send(connection)
    server.hang_up()
    send(connection)
    assert [mail.content for mail in server.accepted] == [MAIL, MAIL]
    assert [session.secured for session in server.sessions] == [True, True]
    assert server.sessions[0].logins == [("hello@example.com", PASSWORD)]


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("fault", ["issuer", "host"])
def test_an_untrusted_server_gets_neither_password_nor_mail(
    serve: Callable[..., SmtpServer], connect: Connect, security: Security, fault: str
) -> None:
    if fault == "issuer":
        server = serve(security, issuer=trustme.CA())
    else:
        server = serve(security, host="other.example.com")
    assert type(failure(connect(server, username="hello@example.com"))) is Halted
    server.stop()  # which also ends every session
    assert [session.count("AUTH") + session.count("MAIL") for session in server.sessions] == [0]
    assert server.mails == []


@pytest.mark.parametrize("username", [None, "hello@example.com"])
def test_a_server_that_offers_no_starttls_gets_neither_password_nor_mail(
    serve: Callable[..., SmtpServer], connect: Connect, username: str | None
) -> None:
    server = serve("starttls")
    server.on("EHLO", "250-smtp.example.com\r\n250 AUTH PLAIN")
    assert type(failure(connect(server, username=username))) is Halted
    server.stop()
    assert [session.commands for session in server.sessions] == [["ehlo example.com"]]


@pytest.mark.parametrize("action", [LATER, NEVER, CLOSING, DROP, GARBAGE])
def test_a_failed_starttls_halts_without_sending_anything(
    serve: Callable[..., SmtpServer], connect: Connect, action: Action
) -> None:
    server = serve("starttls")
    server.on("STARTTLS", action)
    connection = connect(server, username="hello@example.com", facing=action)
    assert type(failure(connection)) is (Throttled if action == CLOSING else Halted)
    assert [command.upper() for command in server.sessions[0].commands] == [
        "EHLO EXAMPLE.COM",
        "STARTTLS",
    ]
    send(connection)
    assert len(server.accepted) == 1


def test_a_plain_text_server_halts_if_tls_is_configured(
    server: SmtpServer, connect: Connect
) -> None:
    connection = connect(server, security="tls", username="hello@example.com")
    assert type(failure(connection)) is Halted
    server.stop()
    assert [session.count("EHLO") for session in server.sessions] == [0]
