"""`python -I -S start.py CODE LIBRARIES HANDLER EVENT`: start a function, and call it once.

CODE is the directory of the unpacked zip. LIBRARIES has the packages of Lambda's Python. When the
function has answered, this writes one line of JSON: the `answer`, and `cpu`, the CPU time that the
process has used so far, in ms.
"""

from __future__ import annotations

import sys
import time

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
    answer = handler(loads(sys.argv[4]), Context())
    cpu = time.process_time() * 1000
    sys.stdout.write(dumps({"answer": answer, "cpu": cpu}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
