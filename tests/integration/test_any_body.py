"""Every body gets an answer that docs/api.md describes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from chalice.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.wiring import Wiring

PHONE = "010-0000-0001"

TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too
VALUE = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.lists(TEXT))
BODY = st.fixed_dictionaries(
    {"phone": st.one_of(st.just(PHONE), st.just("010-0000-0002"), VALUE)},
    optional=dict.fromkeys(("nonce", "name", "email", "no_email"), VALUE),
)

# Runs are reproducible, and have no time limit. The fixtures are shared by all examples.
STEADY = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@STEADY
@given(body=st.one_of(BODY.map(lambda body: json.dumps(body).encode()), st.binary(max_size=100)))
def test_every_body_gets_a_documented_answer(
    client: Client,
    wiring: Wiring,
    event: Event,
    register: Callable[..., Registration],
    body: bytes,
) -> None:
    register()
    wiring.event_table.put(replace(event, walk_ins=True))
    answer = client.http.post("/events/0211ABC/check-ins", body=body)
    assert answer.status_code in {200, 201, 422}
    if answer.status_code == 422:
        known = {"invalid_request", "invalid_phone", "details_required", "email_required"}
        assert answer.json_body["reason"] in known
    else:
        assert answer.json_body["name"]
