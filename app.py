"""The map: every route, the stream consumer and the schedule, each bound to one call inward."""

from __future__ import annotations

import logging
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Rate, Request, Response

from chalicelib import invocation, settings
from chalicelib.invocation import time_left
from chalicelib.telemetry import json_log
from chalicelib.web import check_ins, kiosk, problems, request_log
from chalicelib.wiring import Wiring

app = Chalice(app_name="rollcall")
app.log.setLevel(logging.INFO)
app.middleware("all")(invocation.noted)
app.middleware("http")(request_log.logged)
app.middleware("http")(problems.only_problems)

wiring = Wiring(settings.load())
json_log.configure(app.log, wiring.settings.function_name)


def _request() -> Request:
    assert app.current_request is not None, "only within a request"
    return app.current_request


@app.route("/health")
@problems.answered(_request)
def health() -> Response:
    wiring.event_table.ping()
    return check_ins.health()


@app.route("/events/{event_code}")
@problems.answered(_request)
def show_event(event_code: str) -> Response:
    return check_ins.show_event(wiring.reception, event_code, wiring.now())


@app.route("/events/{event_code}/check-ins", methods=["POST"])
@problems.answered(_request)
def check_in(event_code: str) -> Response:
    return check_ins.check_in(
        _request(), wiring.reception, wiring.secret_key, wiring.metrics, event_code
    )


@app.route("/kiosk/{event_code}")
def kiosk_page(event_code: str) -> Response:  # noqa: ARG001  -- the page reads its own address
    return kiosk.page()


@app.route("/assets/{name}")
def kiosk_asset(name: str) -> Response:
    return kiosk.asset(name)


@app.on_dynamodb_record(
    stream_arn=wiring.settings.check_in_stream_arn,
    batch_size=wiring.settings.batch_size,
    starting_position=wiring.settings.starting_position,
)
def send_confirmations(event: DynamoDBEvent) -> dict[str, Any]:
    return wiring.postroom.deliver(event.to_dict(), time_left(event.context))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_deliveries(event: CloudWatchEvent) -> dict[str, int]:
    return wiring.postroom.sweep(time_left(event.context))
