"""The consumer logs no personal data, even while everything goes wrong."""

from __future__ import annotations

import json

import pytest
from smtp_server import DROP, Action, Step

from faults.check_ins import attendee_id
from faults.conftest import SetScene
from faults.dynamodb_proxy import REFUSE

NAME = "김하나"
PHONE = "010-0000-0001"
TOLD = f"<{{}}> {NAME} {PHONE} +82{PHONE[1:]}"  # mail servers repeat what they know

ANSWERS: list[tuple[Step, Action]] = [
    ("RCPT", f"450 4.2.1 {TOLD}"),
    ("RCPT", f"550 5.1.1 {TOLD}"),
    ("RCPT", f"hello? {TOLD}"),
    ("DATA", f"554 5.6.0 {TOLD}"),
    ("end", f"451 4.3.0 {TOLD}"),
    ("end", f"421 4.3.2 {TOLD}"),
    ("end", f"what? {TOLD}"),
    ("end", DROP),
    ("RCPT", f"530 5.7.0 {TOLD}"),
]


def test_the_log_contains_no_personal_data(
    set_scene: SetScene, capfd: pytest.CaptureFixture[str]
) -> None:
    function = "rollcall-dev"
    scene = set_scene("in a process", AWS_LAMBDA_FUNCTION_NAME=function)
    meetup = scene.meetup
    addresses = [f"guest-{number}@example.com" for number in range(len(ANSWERS))]
    for address, (step, action) in zip(addresses, ANSWERS, strict=True):
        told = action.format(address) if isinstance(action, str) else action
        scene.server.on(step, told, about=address)
    unusable = f"{NAME} {PHONE} <guest@example.com>, other@example.com"
    unread = "guest-unread@example.com"
    scene.proxy.on("claim", REFUSE, about=attendee_id(unread))
    scene.proxy.on("record", REFUSE, about=attendee_id(addresses[0]))
    meetup.open()
    everybody = [*addresses, unusable, unread]
    meetup.deliver(meetup.check_in(*everybody, name=NAME))
    scene.server.on("AUTH", f"535 5.7.8 {TOLD}".format("hello@example.com"))
    meetup.bury()
    meetup.sweep_until_settled()

    assert "sending" not in meetup.states().values()
    written = "".join(capfd.readouterr())
    assert written.count("\n") > len(everybody)
    ids = [attendee_id(address) for address in everybody]
    for personal in ("@", "guest", NAME, PHONE, PHONE[4:], *ids):
        assert personal not in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert all("_aws" in line or line["function"] == function for line in lines)
    assert {"check_in_id", "sequence_number"} <= {name for line in lines for name in line}
