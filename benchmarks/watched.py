"""`python -m benchmarks.watched COMMAND …`: a command's time and memory, as one line of JSON.

A process of its own, and a small one: what a child's memory is said to have been at its peak begins
with that of the process which started it (getrusage(2), RUSAGE_CHILDREN).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """`peak_mb` in MiB; `found` is the last line that the command printed."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    found: str

    def json(self) -> Any:
        return json.loads(self.found)


def run(environment: Mapping[str, str], *arguments: str) -> Run:
    """`python -m …`, watched. Raises CalledProcessError where it fails."""
    command = (sys.executable, "-m")
    done = subprocess.run(  # noqa: S603  -- the benchmarks' own commands
        [*command, "benchmarks.watched", *command, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return Run(**json.loads(done.stdout))


def main() -> None:
    begun = time.perf_counter()
    done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    seconds = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(
        json.dumps(
            {
                "seconds": seconds,
                "cpu_seconds": used.ru_utime + used.ru_stime,
                "peak_mb": used.ru_maxrss / 1024,  # Linux has it in KiB
                "found": done.stdout.rstrip("\n").rpartition("\n")[2],
            }
        )
    )


if __name__ == "__main__":
    main()
