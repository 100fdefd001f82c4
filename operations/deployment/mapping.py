"""The event source mapping on the check-ins' stream: what Chalice cannot set, and its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from operations.deployment.aws import DeploymentError, client, wait_for

Mapped = Mapping[str, Any]

_PROPAGATION = 60.0  # seconds, until a role's new policy has reached all of AWS


def of_function(function_name: str) -> list[dict[str, Any]]:
    """The function's mappings; empty if there is no function."""
    awslambda = client("lambda")
    try:
        found: list[dict[str, Any]] = awslambda.list_event_source_mappings(
            FunctionName=function_name
        )["EventSourceMappings"]
    except awslambda.exceptions.ResourceNotFoundException:
        return []
    return [each for each in found if each["State"] != "Deleting"]


def differences(live: Mapped, wanted: Mapped) -> list[str]:
    """The names of the properties that differ."""
    different = [name for name, value in wanted.items() if not _agrees(live.get(name), value)]
    return different + ([] if live["State"] in ("Enabled", "Enabling") else ["State"])


def tune(live: Mapped, wanted: Mapped) -> None:
    """Set the properties, and enable the mapping. Raises DeploymentError.

    AWS checks that the function's role may write to the failure destination, and a new policy takes
    a while to take effect there.
    """
    awslambda = client("lambda")
    refusals: list[ClientError] = []

    def is_taken() -> bool:
        _settle(live["UUID"])
        try:
            awslambda.update_event_source_mapping(UUID=live["UUID"], Enabled=True, **wanted)
        except awslambda.exceptions.ResourceInUseException as error:
            refusals.append(error)
        except awslambda.exceptions.InvalidParameterValueException as error:
            if "role" not in str(error):
                raise
            refusals.append(error)
        else:
            return True
        return False

    try:
        wait_for("the stream mapping cannot be set", is_taken, seconds=_PROPAGATION, pause=3)
    except DeploymentError as error:
        raise DeploymentError("; ".join(map(str, [error, *refusals[-1:]]))) from error


def _settle(uuid: str) -> None:
    """Wait until the mapping can be changed: AWS refuses during another change."""
    wait_for(
        "the stream mapping does not settle",
        lambda: state(uuid) not in ("Creating", "Updating", "Enabling", "Disabling"),
    )


def delete(uuid: str) -> None:
    """Delete it, and wait until it is gone. Raises DeploymentError."""
    _settle(uuid)
    client("lambda").delete_event_source_mapping(UUID=uuid)
    wait_for("the stream mapping is not deleted", lambda: state(uuid) is None)


def state(uuid: str) -> str | None:
    awslambda = client("lambda")
    try:
        return str(awslambda.get_event_source_mapping(UUID=uuid)["State"])
    except awslambda.exceptions.ResourceNotFoundException:
        return None


def _agrees(live: Any, wanted: Any) -> bool:
    """Whether everything wanted is present; AWS adds members of its own."""
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(
            _agrees(live.get(name), value) for name, value in wanted.items()
        )
    if isinstance(wanted, list) and isinstance(live, list):
        return len(live) == len(wanted) and all(map(_agrees, live, wanted))
    return bool(live == wanted)
