"""Names and texts as people and roster files have them: delivered as text, and as nothing else."""

from __future__ import annotations

import email
import html
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from faults.conftest import SetScene
from faults.scene import HANA

TEXTS = {
    "line ends": "Hana\r\nBcc: all@example.com\r\n\r\nHello",
    "a lone CR": "Hana\rBcc: all@example.com",
    "a lone LF": "Hana\nBcc: all@example.com",
    "quotes": '"Hana" \'Kim\' `x` \\" <hana@example.com>, duri@example.com',
    "a script": "<script>alert('x')</script>",
    "a template": "{{ 7 * 7 }} {% raw %} ${HOME} %s {name}",
    "emoji": "하나 👩‍👩‍👧‍👦 🎉",
    "right to left": "\u202eאבג عربي\u202c Hana",
    "10 kB": "가나다 " * 2_500,
    "a file": str(Path(__file__).resolve()),
    "a file's address": Path(__file__).resolve().as_uri(),
    "an encoded word": "=?utf-8?q?Hana=0d=0aBcc:_all@example.com?=",
    "a null": "Hana\x00\x1b[31m",
    "a dot alone": ".",
    "a lone surrogate's stand-in": "Hana \ufffd \ufeff",
}
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_odd_text_is_delivered_as_text(text: str, set_scene: SetScene) -> None:
    scene = set_scene()
    scene.meetup.open(name=text, venue=text, organization=text, announcement=text)
    scene.meetup.deliver(scene.meetup.check_in(HANA, name=text))

    assert scene.meetup.states() == {HANA: "sent"}
    (mail,) = scene.server.accepted
    assert mail.recipients == (HANA,)
    message = email.message_from_bytes(mail.content, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    assert sorted(message.keys()) == sorted(HEADERS)  # each once
    assert [address.addr_spec for address in message["To"].addresses] == [HANA]
    kinds = [(part.get_content_type(), part.get_filename()) for part in message.iter_parts()]
    assert kinds == [("text/plain", None), ("text/html", None)]
    source = Path(__file__).read_bytes()[:200]
    assert source not in mail.content

    plain, markup = (part.get_content() for part in message.iter_parts())
    assert "<script" not in markup.lower()
    words = [word for word in text.split() if word.isalnum()][:20]
    for word in words:
        assert word in plain
        assert word in html.unescape(markup)
