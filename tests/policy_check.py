"""Holds the policies against what the functions used in the whole run. A plugin of conftest.py.

Each of xdist's workers hands over what it recorded; the controller judges at the end. What a policy
lacks fails every run. What it grants for nothing can be told, and fails, only where the whole suite
ran to its end. Skipped tests do no harm: all that the functions use is used by
tests/integration/test_policies.py, which needs nothing that can be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aws_calls
import pytest
from policies import Access, differences, granted, platform, readable

TESTS = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    aws_calls.install()
    config.pluginmanager.register(PolicyCheck(config), "policy-check")


# Each leaves tests out that are not reported as deselected, or may.
_NARROWING = ("collectonly", "ignore", "ignore_glob", "lf", "maxfail", "setuponly", "setupplan")


def is_whole(config: pytest.Config) -> bool:
    """Whether every test was asked for. `-k`, `-m` and their like report what they deselect."""
    asked = {(config.invocation_params.dir / argument).resolve() for argument in config.args}
    narrowed = any(config.getoption(option, None) for option in _NARROWING)
    return bool(asked & {TESTS, TESTS.parent}) and not narrowed


class PolicyCheck:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._used: set[Access] = set()
        self._left_out = False
        self._whole = False
        self._differences: list[str] = []

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._left_out |= bool(items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What a worker that crashed has recorded is lost."""
        output = getattr(node, "workeroutput", {})
        self._used |= {Access(*each) for each in output.get("aws_calls", ())}
        self._left_out |= output.get("left_out", True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        self._used |= aws_calls.everything
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output |= {
                "aws_calls": [tuple(each) for each in self._used],
                "left_out": self._left_out,
            }
            return
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        self._whole = ended and not self._left_out and is_whole(self._config)
        self._differences = differences(self._used | platform(), granted(), whole=self._whole)
        if self._differences and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not (self._whole or self._differences):
            return
        terminalreporter.section("calls to AWS, and policies")
        allowed, by_platform = granted(), platform()
        for access in sorted(self._used | allowed):
            used = "by Lambda" if access in by_platform else "used" * (access in self._used)
            terminalreporter.line(
                f"{access.function:18}  {access.action:25}  {used:9}  "
                f"{'granted' * (access in allowed):7}  {readable(access.resource)}"
            )
        for line in self._differences:
            terminalreporter.line(line, red=True)
