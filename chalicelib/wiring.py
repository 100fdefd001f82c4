"""Builds the parts that the functions need, on first use and once per container."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from botocore.config import Config

from chalicelib.attendance.reception import Reception
from chalicelib.settings import Secret, Settings
from chalicelib.storage import dynamodb, parameters
from chalicelib.storage.check_ins import CheckInTable
from chalicelib.storage.deliveries import Deliveries
from chalicelib.storage.events import CachedEvents, EventTable
from chalicelib.storage.registrations import RegistrationTable
from chalicelib.telemetry.metrics import Metrics, to_stdout

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from chalicelib.confirmation.confirmations import Confirmations
    from chalicelib.storage.holdings import Holdings

Part = TypeVar("Part")

EVENT_SECONDS = 5.0
_WAITS_OF_A_SEND = 4  # for the replies to MAIL, RCPT, DATA and to the mail itself
_RECORD_SECONDS = 2.0


def _once(build: Callable[[Wiring], Part]) -> cached_property[Part]:
    """A thread-safe cached_property: Python's own has no lock since 3.12."""
    name = build.__name__

    def built(wiring: Wiring) -> Part:
        with wiring.lock:
            if name not in wiring.__dict__:
                wiring.__dict__[name] = build(wiring)
            part: Part = wiring.__dict__[name]
            return part

    return cached_property(built)


class Wiring:
    """Each part is a property, built when it is first needed.

    `patience` limits the storage calls; the default follows STORAGE_TIMEOUT. `pause` sleeps for a
    number of seconds.
    """

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime] = dynamodb.utc_now,
        *,
        patience: Config | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.now = now
        self._patience = patience or dynamodb.in_a_function(settings.storage_timeout)
        self.pause = pause
        # `chalice local` serves each request in its own thread, and boto3's default session is not
        # made to create clients in two threads at once.
        self.lock = threading.RLock()

    @_once
    def secret_key(self) -> str:
        return self._reveal(self.settings.secret_key)

    @_once
    def event_table(self) -> EventTable:
        return EventTable(self._dynamodb, self.settings.event_table, now=self.now)

    @_once
    def registration_table(self) -> RegistrationTable:
        return RegistrationTable(self._dynamodb, self.settings.registration_table, now=self.now)

    @_once
    def check_in_table(self) -> CheckInTable:
        return CheckInTable(self._dynamodb, self.settings.check_in_table, now=self.now)

    @_once
    def deliveries(self) -> Deliveries:
        return Deliveries(self._dynamodb, self.settings.check_in_table)

    @_once
    def holdings(self) -> Holdings:
        # Imported here, because no function needs it.
        from chalicelib.storage.holdings import Holdings

        settings = self.settings
        return Holdings(
            self._dynamodb,
            settings.event_table,
            {"registration": settings.registration_table, "check_in": settings.check_in_table},
            now=self.now,
        )

    @_once
    def metrics(self) -> Metrics:
        deployed = self.settings.function_name is not None
        return Metrics(
            self.settings.metrics_namespace, self.now, write=to_stdout if deployed else None
        )

    @_once
    def events(self) -> CachedEvents:
        return CachedEvents(self.event_table, seconds=EVENT_SECONDS, now=self.now)

    @_once
    def reception(self) -> Reception:
        return Reception(
            self.events,
            self.registration_table,
            self.check_in_table,
            secret_key=self.secret_key,
            region_code=self.settings.default_region_code,
            now=self.now,
        )

    @_once
    def confirmations(self) -> Confirmations:
        # Imported here, so that the API function never loads the mailer's libraries.
        from chalicelib.confirmation.composer import Composer, Sender
        from chalicelib.confirmation.confirmations import Confirmations
        from chalicelib.confirmation.connection import Connection
        from chalicelib.confirmation.pool import ConnectionPool, Pause
        from chalicelib.confirmation.service import DeliveryService, Policy

        settings, mail = self.settings, self.settings.mail
        password = parameters.KeptSecret(lambda: self._reveal(mail.password))
        pool = ConnectionPool([Connection(mail, password) for _ in range(mail.connections)])
        composer = Composer(
            self.events,
            Sender(*mail.sender, reply_to=mail.reply_to),
            default_locale="ko" if settings.default_region_code == "KR" else "en",
            now=self.now,
        )
        service = DeliveryService(
            self.deliveries,
            Policy(
                lease=timedelta(seconds=settings.delivery_lease),
                most_copies=2 if settings.unclear_delivery == "resend" else 1,
            ),
            compose=composer.compose,
            send=pool.send,
            now=self.now,
            pause=self.pause,
        )
        return Confirmations(
            service,
            pool,
            Pause(self.pause),
            self.deliveries,
            metrics=self.metrics,
            now=self.now,
            longest=min(
                _WAITS_OF_A_SEND * mail.timeout + _RECORD_SECONDS,
                settings.delivery_lease,
            ),
        )

    @_once
    def _dynamodb(self) -> DynamoDBClient:
        return dynamodb.client(self._patience)

    def _reveal(self, secret: Secret) -> str:
        if secret.parameter:
            with self.lock:
                return parameters.read_secret(secret.parameter, self._patience)
        return secret.value or ""
