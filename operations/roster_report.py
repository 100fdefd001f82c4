"""Prints what a roster file was understood to be, and what an import of it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import click

from chalicelib.attendance.email import mask_email
from chalicelib.attendance.masking import mask_name
from chalicelib.roster.importer import Report
from chalicelib.roster.people import Person
from chalicelib.roster.reader import Roster
from operations.console import people, print_fact

_USUAL_DELIMITER = ","
_DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar"}
_SHOWN_MISSING = 10
_MANY = 10  # rejected rows, if they are also more than one in ten


def print_report(roster: Roster, report: Report, file_name: str) -> None:
    """The table of what was understood, then the lines that do not come in, then the numbers."""
    for label, text in _understood(roster, file_name):
        print_fact(label, text)
    for number, person in enumerate(report.samples):
        print_fact("for instance" if number == 0 else "", _masked(person))
    for line, warning in report.warnings:
        click.echo(f"line {line}: {warning}")
    for left_out in report.left_out:
        click.echo(f"line {left_out.line}: left out: {left_out.reason}")
    for row in report.rejected:
        lines = f"lines {row.line} to {row.last_line}" if row.last_line else f"line {row.line}"
        click.echo(f"{lines}: rejected: {row.reason}")
    for label, text in _numbers(report):
        print_fact(label, text)


def doubts(roster: Roster, report: Report, *, replace: bool) -> list[str]:
    """What somebody should look at before anything is stored."""
    found = list(roster.doubts)
    rejected = len(report.rejected)
    if rejected >= _MANY and rejected > (report.accepted + rejected) / 10:
        found.append(f"{rejected:,} rows are rejected")
    if replace and report.to_remove:
        found.append(f"--replace takes {people(len(report.to_remove))} off the roster")
        if rejected:
            found.append("rows that are rejected may be about some of them")
    return found


def _understood(roster: Roster, file_name: str) -> Iterator[tuple[str, str]]:
    table = roster.table
    facts = [table.format]
    if table.sheet:
        facts.append(f"sheet {table.sheet}")
    if table.encoding:
        facts.append(table.encoding)
    if table.delimiter and table.delimiter != _USUAL_DELIMITER:
        facts.append(f"delimiter {_DELIMITERS.get(table.delimiter, table.delimiter)}")
    yield "file", f"{file_name} ({', '.join(facts)})"
    yield "headers", f"line {roster.header_line}"
    labels = dict.fromkeys(label for label, _ in roster.used)
    for label in labels:
        yield label, ", then ".join(header for each, header in roster.used if each == label)
    if "e-mail address" not in labels:
        yield "e-mail address", "no column: people are asked for it at check-in"
    if roster.columns.passed_over:
        yield "not used", ", ".join(roster.columns.passed_over)


def _numbers(report: Report) -> Iterator[tuple[str, str]]:
    yield "new", f"{report.new:,}"
    yield "changed", f"{report.changed:,}"
    yield "unchanged", f"{report.unchanged:,}"
    if report.without_email:
        yield "no address", f"{report.without_email:,} of these"
    kinds = Counter(entry.status or "hidden" for entry in report.left_out)
    by_kind = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    yield "left out", f"{len(report.left_out):,}" + (f" ({by_kind})" if by_kind else "")
    if report.withdrawn:
        yield "withdrawn", f"{len(report.withdrawn):,} who were registered until now"
    yield "rejected", f"{len(report.rejected):,}"
    missing = f"{len(report.missing):,}"
    if report.missing:
        names = [f"{mask_name(row.name)} {row.phone_last4}" for row in report.missing]
        more = ", …" if len(names) > _SHOWN_MISSING else ""
        missing += f" on the roster but not in this file: {', '.join(names[:_SHOWN_MISSING])}{more}"
    yield "missing", missing
    if report.attended:
        yield "checked in", f"{people(len(report.attended))} missing or cancelled in this file stay"


def _masked(person: Person) -> str:
    email = mask_email(person.email) if person.email else "no address"
    kept = "".join(f"  {value}" for value in person.kept.values())
    return f"{mask_name(person.name)}  …{person.phone[-4:]}  {email}{kept}"
