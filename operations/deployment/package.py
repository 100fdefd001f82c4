"""The stage as one CloudFormation stack, for pipelines: `chalice package --merge-template`."""

from __future__ import annotations

from pathlib import Path

from operations.deployment import policies, templates
from operations.deployment.project import Deployable, project

# For Chalice's import of app.py alone: package.yaml has the tables' own names in their place.
_PLACEHOLDERS = {
    "EVENT_TABLE": "of the stack",
    "REGISTRATION_TABLE": "of the stack",
    "CHECK_IN_TABLE": "of the stack",
    "CHECK_IN_STREAM_ARN": "arn:aws:dynamodb:::table/of-the-stack/stream/-",
}


def package(stage: Deployable, directory: Path) -> None:
    """Template (`sam.json`) and zip into `directory`.

    Raises SettingsError, ConfigurationError, DeploymentError.
    """
    rendered = {name: policies.for_cloudformation(name) for name in policies.FUNCTIONS}
    with project(stage, _PLACEHOLDERS | stage.secret_parameters, rendered) as chalice:
        chalice.package(directory, templates.package_additions(stage.infrastructure))
