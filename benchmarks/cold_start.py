"""Cold starts: from a clean interpreter to the first answer, with what a deployment packs.

The peers in `peers/` are Chalice, a boto3 client and the same calls, written by hand; for the
consumer with yagmail.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks import packed
from benchmarks.measuring import Sample, in_turns
from benchmarks.report import Report, Table, Target
from benchmarks.starts import Function, World, world
from local import lambda_python

_ROUNDS = 15
_MOST = 1.10
_PEERS = Path(__file__).parent / "peers"
_HANDLERS = {"api": "app.app", "consumer": "app.send_confirmations"}
_ANSWERS = {"api": "API, first check-in", "consumer": "consumer, first mail"}
_KINDS = {"": "Rollcall", " peer": "by hand"}
_PACKINGS = {"": "compiled", " source": "not compiled"}


def measure() -> Report:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with world(directory) as found:
            functions = _functions(found, directory)
            click.echo(f"  {_ROUNDS} starts of each of {len(functions)}", err=True)
            in_turns({name: each.start for name, each in functions.items()}, _ROUNDS)
    return Report(
        (
            Table(
                "From a process's start to the first answer, ms",
                ("", "wall", "spread", "of by hand", "CPU", "spread", "of by hand", "runs"),
                list(_rows(functions)),
            ),
            Table(
                "The same by phases, CPU ms, compiled",
                ("", "interpreter", "import", "first answer"),
                list(_phases(functions)),
            ),
        ),
        list(_targets(functions)),
        {
            f"{name}{'_peer' if kind else ''}_cold_start_ms": round(
                functions[name + kind].wall().median, 1
            )
            for name in _HANDLERS
            for kind in _KINDS
        },
    )


def _functions(world: World, directory: Path) -> dict[str, Function]:
    """By answer, kind and packing: `api`, `api peer`, `api source`, `api peer source` …"""
    packages = directory / "packages"
    packages.mkdir()
    lambda_python.link_packages(packages)
    package = packed.pack(directory)
    rollcall = packed.unpack(package, directory / "rollcall")
    functions = {}
    for name, handler in _HANDLERS.items():
        peer = packed.unpack(package, directory / f"{name} peer", _PEERS / f"{name}.py")
        for kind, unpacked in zip(_KINDS, (rollcall, peer), strict=True):
            source = packed.without_compiled(unpacked, directory / f"{name}{kind} source")
            for packing, where in zip(_PACKINGS, (unpacked, source), strict=True):
                functions[name + kind + packing] = Function(world, handler, where, packages)
    return functions


def _rows(functions: dict[str, Function]) -> Iterator[list[str]]:
    for name, answer in _ANSWERS.items():
        for packing, packed_as in _PACKINGS.items():
            peer = functions[f"{name} peer{packing}"]
            for kind, who in _KINDS.items():
                each = functions[name + kind + packing]
                wall, cpu = each.wall(), each.cpu()
                yield [
                    f"{answer}: {who}, {packed_as}",
                    *_figures(wall, peer.wall()),
                    *_figures(cpu, peer.cpu()),
                    str(wall.runs),
                ]


def _figures(mine: Sample, peer: Sample) -> list[str]:
    spread = f"{mine.low:.0f}–{mine.high:.0f}"
    return [f"{mine.median:.0f}", spread, f"{mine.against(peer).median:.2f} ×"]


def _phases(functions: dict[str, Function]) -> Iterator[list[str]]:
    for name, answer in _ANSWERS.items():
        for kind, who in _KINDS.items():
            phases = functions[name + kind].phases()
            yield [f"{answer}: {who}", *(f"{each.median:.0f}" for each in phases)]


def _targets(functions: dict[str, Function]) -> Iterator[Target]:
    """By CPU time, in which nothing else on the machine takes part."""
    for name, answer in _ANSWERS.items():
        found = functions[name].cpu().against(functions[f"{name} peer"].cpu()).median
        yield Target(
            f"cold start, {answer}, of the same by hand (CPU)",
            f"≤ {_MOST:.2f} ×",
            f"{found:.2f} ×",
            met=found <= _MOST,
        )
