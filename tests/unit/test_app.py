"""app.py, as Chalice's own tools read it."""

from __future__ import annotations

from chalice.app import CloudWatchEvent, DynamoDBEvent, Rate, Request, ScheduledEventConfig
from chalice.local import Clock, LambdaContext

import app
from chalicelib.invocation import keep_request_id, request_id, time_left
from local.schedule import scheduled_event


def test_the_sweep_runs_each_minute() -> None:
    [schedule] = [each for each in app.app.event_sources if each.name == "sweep_deliveries"]
    assert isinstance(schedule, ScheduledEventConfig)
    assert isinstance(schedule.schedule_expression, Rate)
    assert schedule.schedule_expression.to_string() == "rate(1 minute)"


class StoppedClock(Clock):
    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now


def test_the_time_left_is_lambdas() -> None:
    clock = StoppedClock()
    left = time_left(LambdaContext("sweep_deliveries", 128, 60_000, time_source=clock))
    clock.now += 12.5
    assert left() == 47.5


def test_an_invocation_outside_lambda_has_a_minute() -> None:
    assert time_left(None)() == 60


def test_the_request_id_is_lambdas_from_one_invocation_to_the_next() -> None:
    """For a request it is where Chalice puts it, and for the other functions on their event."""
    context = LambdaContext("api", 128, 60_000)
    request = Request(
        {
            "headers": {},
            "body": None,
            "pathParameters": None,
            "multiValueQueryStringParameters": None,
            "stageVariables": {},
            "requestContext": {"httpMethod": "GET", "resourcePath": "/", "path": "/"},
        },
        context,
    )
    assert keep_request_id(request, lambda _: request_id()) == context.aws_request_id
    swept = LambdaContext("sweep_deliveries", 128, 60_000)
    event = CloudWatchEvent(scheduled_event("a:b:c:d:e:rule/r", 0.0), swept)  # type: ignore[arg-type]
    assert keep_request_id(event, lambda _: request_id()) == request_id() == swept.aws_request_id
    assert keep_request_id(DynamoDBEvent({}, None), lambda _: request_id()) is None
