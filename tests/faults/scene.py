"""Where a row of the table plays: two attendees, the mail server, and what lies between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smtp_server import DROP, Fault, SmtpServer

from faults import dynamodb_proxy
from faults.check_ins import Record
from faults.consumer import Process
from faults.dynamodb_proxy import DynamoDbProxy
from faults.meetup import Meetup

HANA = "hana@example.com"  # whom the fault hits
DURI = "duri@example.com"  # who comes after her in the batch


@dataclass(frozen=True, slots=True)
class Scene:
    """`proxy` is there where the row needs it, as a consumer in a process is."""

    meetup: Meetup
    server: SmtpServer
    _proxy: DynamoDbProxy | None = None

    @property
    def proxy(self) -> DynamoDbProxy:
        assert self._proxy, "a row that breaks storage has to say so"
        return self._proxy

    def kill(self) -> None:
        """SIGKILL to the consumer, wherever it is."""
        consumer = self.meetup.consumer
        assert isinstance(consumer, Process), "a row that kills has to say so"
        consumer.kill()

    def kill_here(self) -> Fault:
        """As the mail server's action: the reply is never sent."""
        self.kill()
        return DROP

    def kill_before(self) -> dynamodb_proxy.Fault:
        """As the proxy's action: the call is not made."""
        self.kill()
        return dynamodb_proxy.DROP

    def calm(self) -> None:
        """The faults end."""
        self.server.forget()
        if self._proxy:
            self._proxy.forget()


Play = Callable[[Scene, Sequence[Record]], None]
