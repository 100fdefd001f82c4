"""Random walks over the faults. Wherever they lead, nothing owed is forgotten, and a second copy is
out only where a reply was lost.
"""

from __future__ import annotations

import copy
import re
from datetime import timedelta
from typing import Any

import boto3
from conftest import ENVIRONMENT, TABLES
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto import mock_aws
from smtp_server import DROP, GO_ON, Action, Fault, SmtpServer, Step

from chalicelib import settings
from faults.broken_storage import BrokenStorage, Call, Mortal
from faults.broken_storage import Fault as StorageFault
from faults.check_ins import Record, attendee_id
from faults.clock import Clock
from faults.conftest import ALL
from faults.meetup import Meetup
from local.tables import create_tables

MOST = 2  # copies, with UNCLEAR_DELIVERY=resend
PEOPLE = [f"guest-{number}@example.com" for number in range(4)]
REPLIES = (
    "421 4.3.2 closing",
    "450 4.2.1 later",
    "454 4.7.0 too fast",
    "530 5.7.0 login",
    "550 5.1.1 never",
    "550 5.4.5 quota",
    "hello?",
)
FOR_GOOD = re.compile(r"(recipient|message) refused: 550 5\.1\.1")

steps = st.sampled_from(["banner", "EHLO", "MAIL", "RCPT", "DATA", "end"])
answers = st.sampled_from([*REPLIES, DROP, "killed"])
calls = st.sampled_from(["claim", "record", "event", "Query"])
storage_faults = st.sampled_from(["not done", "done, answer lost", "killed before", "killed after"])
broken_records = st.sampled_from(
    [None, {}, {"eventName": "INSERT"}, {"eventName": "INSERT", "dynamodb": {}}]
)


class Walk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.aws = mock_aws(config={"core": {"reset_boto3_session": False}})
        self.aws.start()
        self.server = SmtpServer()
        database = boto3.client("dynamodb")
        create_tables(database, TABLES)
        known = settings.load(
            {**ENVIRONMENT, "SMTP_PORT": str(self.server.port), "SMTP_CONNECTIONS": "1"}
        )
        self.clock = Clock()
        self.storage = BrokenStorage()
        self.records: list[Record] = []
        self.settled: dict[str, str] = {}
        self.meetup = Meetup(
            database,
            known,
            self.server,
            self.clock,
            lambda: Mortal(self.storage, known, self.clock),
        )
        self.meetup.open()

    @initialize(count=st.integers(1, len(PEOPLE)))
    def people_check_in(self, count: int) -> None:
        self.records = self.meetup.check_in(*PEOPLE[:count])

    @rule(data=st.data())
    def the_stream_brings_records(self, data: st.DataObject) -> None:
        """Deliver any records in any order, with repeats."""
        self.meetup.invoke(data.draw(st.lists(st.sampled_from(self.records), max_size=5)))

    @rule(data=st.data(), broken=broken_records)
    def the_stream_brings_a_broken_record_among_them(
        self, data: st.DataObject, broken: Any
    ) -> None:
        records: list[Any] = data.draw(st.permutations([*self.records, broken]))
        self.meetup.invoke(records)

    @rule(data=st.data(), name=st.sampled_from(["NewImage", "SequenceNumber"]))
    def the_stream_brings_a_record_without_a_part(self, data: st.DataObject, name: str) -> None:
        record = copy.deepcopy(data.draw(st.sampled_from(self.records)))
        del record["dynamodb"][name]
        self.meetup.invoke([record])

    @rule()
    def the_sweep_runs(self) -> None:
        self.meetup.sweep()

    @rule(seconds=st.sampled_from([1, 59, 60, 61, 600, 3600]))
    def time_goes_by(self, seconds: int) -> None:
        self.clock.pause(seconds)

    @rule(seconds=st.sampled_from([-3600, -61, -1, 61, 3600]))
    def the_clock_is_set(self, seconds: int) -> None:
        self.meetup.move_clock(timedelta(seconds=seconds))

    @rule()
    def the_container_goes(self) -> None:
        self.meetup.bury()

    @rule(step=steps, answer=answers, after=st.integers(0, 2))
    def the_mail_server_will_answer(self, step: Step, answer: Any, after: int) -> None:
        action: Action = self._kill if answer == "killed" else answer
        self.server.on(step, *[GO_ON] * after, action)

    @rule(step=steps.filter(lambda step: step in ("banner", "EHLO", "MAIL")), answer=answers)
    @precondition(lambda self: self.records)
    def the_mail_server_is_out_of_order(self, step: Step, answer: Any) -> None:
        if answer != "killed":
            self.server.always(step, answer)

    @rule(call=calls, fault=storage_faults, times=st.integers(1, 3))
    def storage_will_fail(self, call: Call, fault: StorageFault, times: int) -> None:
        self.storage.script.on(call, *[fault] * times)

    @rule()
    def the_faults_end(self) -> None:
        self.server.forget()
        self.storage.script.forget()

    @invariant()
    def two_copies_only_after_a_reply_was_lost(self) -> None:
        copies = self.meetup.copies()
        twice = {address for address in copies if copies[address] > 1}
        assert max(copies.values(), default=0) <= MOST
        assert twice <= self._unheard()
        assert all(len(ids) == 1 for ids in self.meetup.message_ids().values())

    @invariant()
    def no_state_is_without_a_way_out(self) -> None:
        taken = {mail.recipients[0] for mail in self.server.accepted}
        for address, item in self.meetup.items().items():
            state = item["delivery"]["S"]
            owed = {"due_shard", "due_at"} <= set(item)
            match state:
                case "due" | "sending":
                    assert owed
                case "unclear":
                    assert owed or int(item["copies"]["N"]) == MOST
                case "sent":
                    assert not owed
                    assert address in taken
                case "failed":
                    assert not owed
                    assert FOR_GOOD.match(item["delivery_reason"]["S"])
                case _:
                    raise AssertionError(state)
            if self.settled.setdefault(address, state) in ("sent", "failed"):
                assert self.settled[address] == state, "a delivery that had ended went on"
            self.settled[address] = state

    def teardown(self) -> None:
        try:
            self.the_faults_end()
            self.meetup.sweep_until_settled()
            self.two_copies_only_after_a_reply_was_lost()
            self.no_state_is_without_a_way_out()
            assert set(self.meetup.states().values()) <= {"sent", "failed", "unclear"}
        finally:
            self.meetup.bury()
            self.server.stop()
            self.aws.stop()

    def _kill(self) -> Fault:
        """The mail server sees the process end; later actions have no effect."""
        self.storage.dead = True
        return DROP

    def _unheard(self) -> set[str]:
        """The addresses for which the reply to the mail or to its record was lost."""
        keys = [key["attendee_id"]["S"] for key in self.storage.unheard if "attendee_id" in key]
        return self.meetup.doubted() | {each for each in PEOPLE if attendee_id(each) in keys}


def test_no_sequence_of_faults_loses_a_mail() -> None:
    run_state_machine_as_test(
        Walk,
        settings=hypothesis_settings(
            max_examples=60 if ALL else 10,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            database=None,
        ),
    )
