"""A mail by hand: Chalice, a boto3 client, yagmail, and the calls that Rollcall's mailer makes."""

import os
import secrets
import ssl
import time
from typing import Any

import boto3
import yagmail
from chalice.app import Chalice, DynamoDBEvent

app = Chalice(app_name="peer")
dynamodb = boto3.client("dynamodb")
password = boto3.client("ssm").get_parameter(
    Name=os.environ["SMTP_PASSWORD_PARAMETER"], WithDecryption=True
)["Parameter"]["Value"]


@app.on_dynamodb_record(stream_arn="arn:aws:dynamodb:us-east-1:0:table/check-ins/stream/-")
def send_confirmations(event: DynamoDBEvent) -> dict[str, Any]:
    username = os.environ["SMTP_USERNAME"]
    mailer = yagmail.SMTP(
        user={username: username},
        password=password,
        host=os.environ["SMTP_HOST"],
        port=int(os.environ["SMTP_PORT"]),
        context=ssl.create_default_context(),
        local_hostname="example.com",
    )
    for record in event.to_dict()["Records"]:
        send(mailer, record["dynamodb"]["NewImage"])
    return {"batchItemFailures": []}


def send(mailer: yagmail.SMTP, item: dict[str, Any]) -> None:
    table = os.environ["CHECK_IN_TABLE"]
    key = {name: item[name] for name in ("attendee_id", "event_code")}
    token, now = {"S": secrets.token_urlsafe(12)}, {"N": str(int(time.time()))}
    dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET delivery = :sending, claim = :token",
        ConditionExpression="delivery = :due",
        ExpressionAttributeValues={
            ":due": {"S": "due"},
            ":sending": {"S": "sending"},
            ":token": token,
        },
    )
    event = dynamodb.get_item(
        TableName=os.environ["EVENT_TABLE"], Key={"event_code": item["event_code"]}
    )["Item"]
    name, title = item["name"]["S"], event["name"]["S"]
    mailer.send(
        to=item["email"]["S"],
        subject=f"{title}: checked in",
        contents=[f"{name}, you are checked in at {title}.", f"<p>{name}, you are checked in.</p>"],
        prettify_html=False,  # otherwise yagmail loads premailer, which takes 0.25 s
    )
    dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET delivery = :sent, settled_at = :now",
        ConditionExpression="claim = :token",
        ExpressionAttributeValues={":sent": {"S": "sent"}, ":now": now, ":token": token},
    )
