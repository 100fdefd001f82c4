"""`python -I -S cold_start.py ZIP PACKAGES HANDLER EVENT`: a function's start, as Lambda does it.

ZIP is the directory of the unpacked zip, PACKAGES that of what Lambda's Python has beside its own
library; the interpreter knows nothing else. The last line of the output is JSON: the `answer`;
`modules`, the names of those that were loaded from the zip; `compiled_here`, of these the ones for
which the zip had nothing compiled. Without AWS_ENDPOINT_URL, it ends at the first use of the
network.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
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


def _is_compiled(module: Any) -> bool:
    """Extension modules are."""
    return not module.__file__.endswith(".py") or Path(module.__cached__).is_file()


def main() -> None:
    directory, packages, handler, event = sys.argv[1:]
    if "AWS_ENDPOINT_URL" not in os.environ:
        sys.addaudithook(_refuse_network)
    sys.path[:0] = [directory, packages]
    module, name = handler.split(".")
    answer = getattr(import_module(module), name)(json.loads(event), Context())
    of_zip = {
        name: each
        for name, each in sys.modules.items()
        if (getattr(each, "__file__", None) or "").startswith(f"{directory}/")
    }
    report = {
        "answer": answer,
        "modules": sorted(of_zip),
        "compiled_here": [name for name, each in of_zip.items() if not _is_compiled(each)],
    }
    sys.stdout.write(f"\n{json.dumps(report)}\n")


if __name__ == "__main__":
    main()
