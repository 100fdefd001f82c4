from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.inbox.mailbox import Envelope, Mailbox

NOON = datetime(2026, 2, 11, 12, 0, tzinfo=UTC)
ENVELOPE = Envelope("rollcall@example.com", ("hong@example.com", "kim@example.com"))


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "inbox", clock=lambda: NOON)


def test_a_mail_is_read_as_it_was_delivered(mailbox: Mailbox) -> None:
    content = b"Delivered-To: forged@example.com\r\nReceived: forged\r\n\r\n\xff\r\nend"
    mail = mailbox.read(mailbox.deliver(ENVELOPE, content))
    assert mail is not None
    assert (mail.received_at, mail.envelope, mail.content) == (NOON, ENVELOPE, content)


def test_ids_ascend_while_the_clock_stands_still(mailbox: Mailbox) -> None:
    delivered = [mailbox.deliver(ENVELOPE, b"") for _ in range(3)]
    assert delivered == sorted(set(delivered))
    assert mailbox.ids() == delivered[::-1]


def test_a_file_begins_with_the_envelope(mailbox: Mailbox, tmp_path: Path) -> None:
    mail_id = mailbox.deliver(ENVELOPE, b"Subject: x\r\n\r\n")
    assert (tmp_path / "inbox" / f"{mail_id}.eml").read_bytes().splitlines() == [
        b"Return-Path: <rollcall@example.com>",
        b"Delivered-To: hong@example.com",
        b"Delivered-To: kim@example.com",
        b"Received: by localhost with ESMTP; Wed, 11 Feb 2026 12:00:00 +0000",
        b"Subject: x",
        b"",
    ]


@pytest.mark.parametrize(
    "envelope",
    [
        Envelope("", ("hong@example.com",)),
        Envelope("길동@example.com", ("길동@example.com",)),
    ],
)
def test_an_envelope_may_be_from_nobody_or_in_unicode(mailbox: Mailbox, envelope: Envelope) -> None:
    mail = mailbox.read(mailbox.deliver(envelope, b""))
    assert mail is not None
    assert mail.envelope == envelope


def test_a_control_character_in_an_address_adds_no_line(mailbox: Mailbox) -> None:
    mail = mailbox.read(mailbox.deliver(Envelope('"a\r\nb"@example.com', ()), b"x"))
    assert mail is not None
    assert (mail.envelope.sender, mail.content) == ('"a??b"@example.com', b"x")


def test_a_mail_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    mailbox = Mailbox(tmp_path)
    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        mailbox.deliver(ENVELOPE, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "mail_id",
    ["../secret", "secret", "", "20260211T120000.000000Z", "20269999T999999.999999Z", "２"],
)
def test_there_is_no_mail_under_a_name_that_was_not_given(
    mailbox: Mailbox, tmp_path: Path, mail_id: str
) -> None:
    (tmp_path / "secret.eml").write_text("secret")
    (tmp_path / "inbox" / "secret.eml").write_text("secret")
    assert mailbox.read(mail_id) is None


def test_clearing_deletes_the_mails_and_no_other_file(mailbox: Mailbox, tmp_path: Path) -> None:
    mailbox.deliver(ENVELOPE, b"")
    (tmp_path / "inbox" / "kept.eml").touch()
    mailbox.clear()
    assert [path.name for path in (tmp_path / "inbox").iterdir()] == ["kept.eml"]


def test_the_directory_may_be_removed_under_it(mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / "inbox").rmdir()
    assert mailbox.ids() == []
    assert mailbox.read(mailbox.deliver(ENVELOPE, b"")) is not None
