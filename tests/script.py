"""What a server on loopback does at which step: the rules that a test gives it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class _Rule(Generic[A]):
    step: str
    about: str
    actions: Iterator[A]


class Script(Generic[A]):
    """Shared by the threads of a server. Of several rules that fit, the first that is left."""

    def __init__(self) -> None:
        self._rules: list[_Rule[A]] = []
        self._lock = threading.Lock()

    def on(self, step: str, *actions: A, about: str = "") -> None:
        """Do these at the next so many times that `step` comes, with `about` in its text."""
        self._add(_Rule(step, about, iter(actions)))

    def always(self, step: str, action: A, about: str = "") -> None:
        """Do this whenever `step` comes, with `about` in its text, until `forget`."""
        self._add(_Rule(step, about, itertools.repeat(action)))

    def forget(self) -> None:
        with self._lock:
            self._rules.clear()

    def action(self, step: str, text: str = "") -> A | None:
        """What to do now; None where no rule fits."""
        with self._lock:
            for rule in self._rules:
                if rule.step == step and rule.about in text:
                    for action in rule.actions:
                        return action
        return None

    def _add(self, rule: _Rule[A]) -> None:
        with self._lock:
            self._rules.append(rule)
