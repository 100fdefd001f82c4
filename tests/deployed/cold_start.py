"""`python -I cold_start.py DIRECTORY HANDLER EVENT`: a function's start, the way Lambda does it.

DIRECTORY is the unpacked zip, and the interpreter has what Lambda's brings, not the project's
environment. The last line of the output is JSON: the `answer`; `modules`, by name, with the files
of those that the start has loaded; `stdlib`, where Python's own are. Without AWS_ENDPOINT_URL, it
ends at the first use of the network.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from importlib import import_module
from typing import Any


class Context:
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 15_000


def _refuse_network(event: str, _: object) -> None:
    if event in ("socket.connect", "socket.getaddrinfo"):
        sys.stderr.write(f"{event}: this start is to need no network\n")
        sys.stderr.flush()
        os._exit(1)  # an exception would be taken for a network's, and be coped with


def _file(module: Any) -> str | None:
    return getattr(module, "__file__", None)


def main() -> None:
    directory, handler, event = sys.argv[1:]
    there = set(sys.modules)
    if "AWS_ENDPOINT_URL" not in os.environ:
        sys.addaudithook(_refuse_network)
    sys.path.insert(0, directory)
    module, name = handler.split(".")
    answer = getattr(import_module(module), name)(json.loads(event), Context())
    me = sys.modules["__main__"]  # which multiprocessing gives another name
    loaded = {
        name: _file(each)
        for name, each in sys.modules.items()
        if name not in there and each is not me
    }
    report = {"answer": answer, "modules": loaded, "stdlib": sysconfig.get_path("stdlib")}
    sys.stdout.write(f"\n{json.dumps(report)}\n")


if __name__ == "__main__":
    main()
