"""Python runs this at its start: the commands under test wait less, and can be killed.

Chalice and the SDK ask AWS every five seconds whether something is ready; the emulator always is.
With DIE_AFTER=CreateFunction the process is killed when AWS has done that, and never learns of it.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

_LONGEST_WAIT = 0.1  # seconds

_sleep = time.sleep


def _nap(seconds: Any) -> None:
    _sleep(min(seconds, _LONGEST_WAIT))


def _die_after(operation: str) -> None:
    import botocore.client

    client: Any = botocore.client.BaseClient
    make_api_call = client._make_api_call

    def call(self: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
        answer = make_api_call(self, operation_name, api_params)
        if operation_name == operation:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    client._make_api_call = call


time.sleep = _nap
if "DIE_AFTER" in os.environ:
    _die_after(os.environ["DIE_AFTER"])
