"""The scene of a row: two attendees, the mail server, and everything between them."""

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
    """Only some rows have a `proxy`, or a consumer in its own process."""

    meetup: Meetup
    server: SmtpServer
    _proxy: DynamoDbProxy | None = None

    @property
    def proxy(self) -> DynamoDbProxy:
        assert self._proxy, "a row that breaks storage has to name its place"
        return self._proxy

    def kill(self) -> None:
        """Send SIGKILL to the consumer, wherever it is."""
        consumer = self.meetup.consumer
        assert isinstance(consumer, Process), "a row that kills has to name its place"
        consumer.kill()

    def kill_here(self) -> Fault:
        """For the mail server's script: the reply is never sent."""
        self.kill()
        return DROP

    def kill_before(self) -> dynamodb_proxy.Fault:
        """For the proxy's script: the call is never made."""
        self.kill()
        return dynamodb_proxy.DROP

    def calm(self) -> None:
        """End the faults."""
        self.server.forget()
        if self._proxy:
            self._proxy.forget()


Play = Callable[[Scene, Sequence[Record]], None]
