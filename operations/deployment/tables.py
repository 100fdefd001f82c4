"""The stage's tables as they are. One that was recreated by hand lacks what the stack had set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from operations.deployment import templates
from operations.deployment.aws import DeploymentError, Repair, client, wait_for


def live_stream(name: str) -> str:
    """The ARN of the table's live stream, or a made-up ARN if it has no stream.

    For a recreated table, CloudFormation still has the old stream. Raises DeploymentError if the
    table is gone.
    """
    table = _describe(name)
    if not _has_stream(table):
        return f"{table['TableArn']}/stream/not-made-yet"
    return str(table["LatestStreamArn"])


def repairs(names: Mapping[str, str], *, protected: bool) -> Iterator[Repair]:
    """What the tables lack compared to the template: stream, time to live, backups, protection.

    `names` maps each table of the template to its name. This changes nothing yet. Raises
    DeploymentError if a table is gone.
    """
    for resource, name in names.items():
        properties = templates.data()["Resources"][resource]["Properties"]
        yield from _repairs(name, properties, protected=protected)


def delete(names: Iterable[str]) -> None:
    """Delete the tables and everything in them, protected or not."""
    dynamodb = client("dynamodb")
    for name in names:
        try:
            table = dynamodb.describe_table(TableName=name)["Table"]
            if table.get("DeletionProtectionEnabled"):
                _update(name, DeletionProtectionEnabled=False)
            if table["TableStatus"] != "DELETING":
                dynamodb.delete_table(TableName=name)
        except dynamodb.exceptions.ResourceNotFoundException:
            continue


def _describe(name: str) -> dict[str, Any]:
    dynamodb = client("dynamodb")
    try:
        table: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException as error:
        raise DeploymentError(
            f"the table {name} is gone, so nothing was changed. Restore it from a backup "
            "under this name (docs/deployment.md#a-table-is-gone)"
        ) from error
    return table


def _has_stream(table: Mapping[str, Any]) -> bool:
    return bool(table.get("StreamSpecification", {}).get("StreamEnabled"))


def _repairs(name: str, properties: Mapping[str, Any], *, protected: bool) -> Iterator[Repair]:
    dynamodb = client("dynamodb")
    table = _describe(name)
    stream = properties.get("StreamSpecification")
    if stream and not _has_stream(table):
        wanted = {"StreamEnabled": True, **stream}
        yield Repair(
            f"{name}: has no stream; switched on",
            lambda: _update(name, StreamSpecification=wanted),
        )
    if protected and not table.get("DeletionProtectionEnabled"):
        yield Repair(
            f"{name}: is not protected from deletion; protected",
            lambda: _update(name, DeletionProtectionEnabled=True),
        )
    lives = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if lives["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
        yield Repair(
            f"{name}: does not delete what has expired; time to live switched on",
            lambda: dynamodb.update_time_to_live(
                TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
            ),
        )
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        yield Repair(
            f"{name}: is not backed up; point-in-time recovery switched on",
            lambda: wait_for(f"{name}: its backups", lambda: _back_up(name)),
        )


def _update(name: str, **change: Any) -> None:
    """Wait until the table is active, change it, and wait again."""
    dynamodb = client("dynamodb")
    wait_for(f"{name} is not active", lambda: _is_active(name))
    dynamodb.update_table(TableName=name, **change)
    wait_for(f"{name} is not active", lambda: _is_active(name))


def _is_active(name: str) -> bool:
    return bool(_describe(name)["TableStatus"] == "ACTIVE")


def _back_up(name: str) -> bool:
    """Whether AWS accepted it: a table that was just created cannot be backed up yet."""
    dynamodb = client("dynamodb")
    try:
        dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    except dynamodb.exceptions.ContinuousBackupsUnavailableException:
        return False
    return True
