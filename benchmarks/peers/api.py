"""A check-in by hand: Chalice, a boto3 client, and the calls that Rollcall's API makes."""

import hashlib
import hmac
import os
import secrets
import time
from typing import Any

import boto3
from chalice.app import Chalice, Response

app = Chalice(app_name="peer")
dynamodb = boto3.client("dynamodb")
secret_key = boto3.client("ssm").get_parameter(
    Name=os.environ["SECRET_KEY_PARAMETER"], WithDecryption=True
)["Parameter"]["Value"]


@app.route("/events/{event_code}/check-ins", methods=["POST"])
def check_in(event_code: str) -> Response:
    assert app.current_request
    phone = "+82" + app.current_request.json_body["phone"].replace("-", "")[1:]
    attendee_id = hmac.new(
        secret_key.encode(), b"attendee:" + phone.encode(), hashlib.sha256
    ).hexdigest()
    key: dict[str, Any] = {"event_code": {"S": event_code}, "attendee_id": {"S": attendee_id}}
    event = dynamodb.get_item(
        TableName=os.environ["EVENT_TABLE"], Key={"event_code": {"S": event_code}}
    )["Item"]
    registration = dynamodb.get_item(TableName=os.environ["REGISTRATION_TABLE"], Key=key)["Item"]
    now = int(time.time())
    dynamodb.put_item(
        TableName=os.environ["CHECK_IN_TABLE"],
        Item={
            **key,
            "check_in_id": {"S": secrets.token_urlsafe(12)},
            "name": registration["name"],
            "email": registration["email"],
            "checked_at": {"N": str(now)},
            "delivery": {"S": "due"},
            "due_at": {"N": str(now)},
            "expires_at": event["expires_at"],
        },
        ConditionExpression="attribute_not_exists(attendee_id)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    return Response({"status": "checked_in", "name": registration["name"]["S"]}, status_code=201)
