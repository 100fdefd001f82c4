"""`python -I -S start.py ZIP PACKAGES HANDLER EVENT`: a function, from nothing to its first answer.

ZIP is the directory of the unpacked zip, PACKAGES that of what Lambda's Python has beside its own
library. Writes one line of JSON as soon as it has answered: the `answer`, and `cpu`, the CPU time
of this process, in ms, when the interpreter was up, the function imported, and the answer there.
"""

from __future__ import annotations

import sys
import time

_UP = time.process_time()

sys.path[:0] = sys.argv[1:3]


class Context:
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def main() -> None:
    from importlib import import_module
    from json import dumps, loads

    module, name = sys.argv[3].split(".")
    handler = getattr(import_module(module), name)
    imported = time.process_time()
    answer = handler(loads(sys.argv[4]), Context())
    answered = time.process_time()
    cpu = [moment * 1000 for moment in (_UP, imported, answered)]
    sys.stdout.write(dumps({"answer": answer, "cpu": cpu}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
