"""`python command.py [CALL] -- …`: `python -m operations …` in a hurry, killed after a call to AWS.

Chalice and the SDK ask AWS every five seconds whether something is ready; the emulator is ready at
once. CALL is an operation's name, such as `CreateFunction`: AWS has done it, and the command never
learns.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import botocore.client

from operations.__main__ import operations

_LONGEST_WAIT = 0.1  # seconds

_sleep = time.sleep
_client: Any = botocore.client.BaseClient
_make_api_call = _client._make_api_call


def _nap(seconds: Any) -> None:
    _sleep(min(seconds, _LONGEST_WAIT))


def main() -> None:
    end = sys.argv.index("--")
    last = sys.argv[1:end]

    def call(client: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
        answer = _make_api_call(client, operation_name, api_params)
        if operation_name in last:
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    time.sleep = _nap
    _client._make_api_call = call
    operations(sys.argv[end + 1 :], prog_name="python -m operations")


if __name__ == "__main__":
    main()
