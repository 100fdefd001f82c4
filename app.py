"""Registers the routes, the stream consumer and the schedule with Chalice. Holds no logic."""

from __future__ import annotations

import gc
import logging
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib import chalice_command, invocation
from chalicelib.invocation import time_left

# A start creates some ninety thousand objects that stay. With Python's default of 700, searching
# them for garbage again and again takes a tenth of a cold start's CPU or more.
gc.set_threshold(100_000)

with chalice_command.missing_packages_in_one_line():
    from chalicelib import settings
    from chalicelib.telemetry import json_log
    from chalicelib.web import door, problems, request_log
    from chalicelib.wiring import Wiring

app = Chalice(app_name="rollcall")
app.log.setLevel(logging.INFO)
app.middleware("all")(invocation.keep_request_id)
app.middleware("http")(request_log.log_request)
app.middleware("http")(problems.chalice_errors_as_problems)

with chalice_command.errors_in_one_line():
    wiring = Wiring(settings.load(chalice_command.settings_source()))
    check_in_stream = chalice_command.stream_arn(wiring.settings.check_in_table)
json_log.configure(app.log, wiring.settings.function_name)

app.register_blueprint(door.blueprint(wiring))


@app.on_dynamodb_record(
    stream_arn=check_in_stream,
    batch_size=wiring.settings.batch_size,
    starting_position=wiring.settings.starting_position,
)
def send_confirmations(event: DynamoDBEvent) -> dict[str, Any]:
    return wiring.confirmations.deliver(event.to_dict(), time_left(event.context))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_deliveries(event: CloudWatchEvent) -> dict[str, int]:
    return wiring.confirmations.sweep(time_left(event.context))
