"""The template that `chalice package` writes, without the minutes that the wheels take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.session
from chalice.app import Chalice
from chalice.awsclient import TypedAWSClient
from chalice.config import Config
from chalice.deploy import deployer, models
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import (
    PackageOptions,
    ResourceBuilder,
    SAMTemplateGenerator,
    TemplateDeepMerger,
)
from chalice.policy import AppPolicyGenerator
from chalice.utils import OSUtils

# It names the parameters that stages keep their secrets under, as the functions' policies do.
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "ssm:GetParameter",
            "Resource": {
                "Fn::Sub": (
                    "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:"
                    f"parameter${{{parameter}}}"
                )
            },
        }
        for parameter in ("SecretKeyParameter", "SmtpPasswordParameter")
    ],
}


class _Packed(deployer.BaseDeployStep):
    """Stands in for the step that builds the zip."""

    def handle_deploymentpackage(self, _: Config, resource: models.DeploymentPackage) -> None:
        resource.filename = "deployment.zip"


def package(app: Chalice, project: Path, additions: Mapping[str, Any]) -> dict[str, Any]:
    """What lies in sam.json for the stage `dev`. `project` is an empty directory."""
    directory = project / ".chalice"
    directory.mkdir()
    (directory / "policy-dev.json").write_text(json.dumps(_POLICY), encoding="utf-8")
    config = Config(
        chalice_stage="dev",
        user_provided_params={"chalice_app": app, "project_dir": str(project)},
        config_from_disk={
            "version": "2.0",
            "app_name": "rollcall",
            "autogen_policy": False,
            "log_retention_in_days": 30,
            "stages": {
                "dev": {
                    "api_gateway_stage": "dev",
                    "environment_variables": {"MAIL_FROM": "rollcall@example.com"},
                }
            },
        },
    )
    osutils = OSUtils()
    steps = [
        deployer.InjectDefaults(),
        _Packed(),
        deployer.PolicyGenerator(AppPolicyGenerator(osutils), osutils),
        deployer.SwaggerBuilder(CFNSwaggerGenerator()),
        deployer.LambdaEventSourcePolicyInjector(),
    ]
    resources = ResourceBuilder(
        ApplicationGraphBuilder(), DependencyBuilder(), deployer.BuildStage(steps)
    ).construct_resources(config, "dev")
    options = PackageOptions(TypedAWSClient(botocore.session.Session()))
    template = SAMTemplateGenerator(config, options).generate(resources)
    merged: dict[str, Any] = TemplateDeepMerger().merge(dict(additions), template)
    return merged
