"""Keeps docs/ true: what the code has is written down there, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import app
from chalicelib import settings
from chalicelib.telemetry.json_log import FIELDS
from chalicelib.telemetry.metrics import UNITS
from chalicelib.web.problems import PROBLEMS
from local.runtime import Knobs
from operations.__main__ import operations

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(text: str, header: str) -> Iterator[list[str]]:
    """The cells of every table row under a header that begins so."""
    inside = False
    for line in text.splitlines():
        if line.startswith(f"| {header} |"):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("| ---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


# Routes


ROUTES = {(method, path) for path, methods in app.app.routes.items() for method in methods}


def test_api_md_lists_the_routes() -> None:
    listed = {tuple(quoted(row[0])[0].split()) for row in rows(page("api.md"), "route")}
    assert listed == ROUTES


def test_openapi_lists_the_routes() -> None:
    paths = yaml.safe_load(page("openapi.yaml"))["paths"]
    assert {(method.upper(), path) for path in paths for method in paths[path]} == ROUTES


# Reasons


STATUSES = {reason: status.value for reason, (status, _, _) in PROBLEMS.items()}


def test_api_md_lists_the_reasons_with_their_status() -> None:
    listed = {quoted(row[0])[0]: int(row[1]) for row in rows(page("api.md"), "reason")}
    assert listed == STATUSES


def test_openapi_lists_the_reasons_with_their_status() -> None:
    schemas = yaml.safe_load(page("openapi.yaml"))["components"]["schemas"]
    members = [
        part["properties"] for schema in schemas.values() for part in schema.get("allOf", ())[1:]
    ]
    listed = {
        reason: member["status"]["const"]
        for member in members
        if "reason" in member
        for reason in member["reason"]["enum"]
    }
    assert listed == STATUSES


def test_every_problem_of_the_openapi_document_is_an_answer() -> None:
    document = yaml.safe_load(page("openapi.yaml"))
    schemas = document["components"].pop("schemas")
    problems = {name for name, schema in schemas.items() if "reason" in str(schema.get("allOf"))}
    assert problems <= set(re.findall(r"#/components/schemas/(\w+)", str(document)))


# Settings


class Asked(dict[str, str]):
    """An environment that keeps the names it was asked for."""

    def __init__(self, **values: str) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return super().__contains__(name)


def read_settings() -> set[str]:
    environment = Asked(SMTP_USERNAME="somebody")  # only with a login is there a password
    with pytest.raises(settings.SettingsError):
        settings.load(environment)
    Knobs.read(environment)
    return environment.names


def test_settings_md_lists_what_is_read() -> None:
    tables = rows(page("settings.md"), "name | meaning | default | valid")
    assert {quoted(row[0])[0] for row in tables} == read_settings()


def test_settings_md_names_no_other_setting() -> None:
    named = {name for row in rows(page("settings.md"), "name") for name in quoted(row[0])}
    assert {name for name in named if not name.startswith("AWS_")} <= read_settings()


# Metrics


def test_architecture_md_lists_the_metrics_with_their_unit() -> None:
    listed = {quoted(row[0])[0]: row[1] for row in rows(page("architecture.md"), "metric")}
    assert listed == UNITS


def test_architecture_md_lists_the_fields_of_the_log() -> None:
    listed = {name for row in rows(page("architecture.md"), "field") for name in quoted(row[0])}
    every = {"time", "level", "logger", "message", "function", "request_id", "exception"}
    assert listed == every | set(FIELDS)


# Commands


def commands(group: click.Group, *names: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield " ".join((*names, name)), command


COMMANDS = dict(commands(operations))


@pytest.mark.parametrize("name", list(COMMANDS))
def test_operations_md_has_every_command_and_option(name: str) -> None:
    text = page("operations.md")
    options = [option for parameter in COMMANDS[name].params for option in parameter.opts]
    wanted = [f"`{name}", *(option for option in options if option.startswith("--"))]
    assert [item for item in wanted if item not in text] == []


def test_operations_md_names_no_other_command() -> None:
    text = page("operations.md")
    groups = {name.partition(" ")[0] for name in COMMANDS if " " in name}
    named = re.findall(rf"(?:`|operations )((?:{'|'.join(groups)}) [a-z-]+)", text)
    first_words = re.findall(r"python -m operations (?:--stage \w+ )?([a-z-]+)", text)
    first_words += [quoted(row[0])[0].split()[0] for row in rows(text, "command")]
    assert set(named) | (set(first_words) - groups) == set(COMMANDS)


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_readme_has_every_make_target() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {target for target in make_targets() if f"make {target}" not in readme} == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_names_another_make_target(path: Path) -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= make_targets()


# Dependencies


def test_dependencies_md_lists_the_direct_dependencies() -> None:
    required = {
        match[0].lower()
        for file in ("requirements.txt", "requirements-dev.txt")
        for line in (ROOT / file).read_text().splitlines()
        if (match := re.match(r"[A-Za-z0-9][\w.-]*", line))
    }
    listed = {quoted(row[0])[0] for row in rows(page("dependencies.md"), "package")}
    assert listed == required


# Links


def anchors(path: Path) -> set[str]:
    """The names that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", path.read_text(encoding="utf-8"))
    broken = []
    for file, anchor in links:
        target = path.parent / file if file else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{file}#{anchor}")
    assert broken == []


def test_the_packed_versions_are_those_that_are_tested() -> None:
    packed = {
        line
        for line in (ROOT / "requirements.txt").read_text().lower().splitlines()
        if "==" in line
    }
    tested = (ROOT / "constraints.txt").read_text().lower().splitlines()
    assert packed
    assert packed <= set(tested)
