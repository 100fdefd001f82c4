"""Decides who is checked in: the rules behind `POST …/check-ins`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.attendance.check_in import CheckIn, initial_delivery, new_check_in_id
from chalicelib.attendance.email import parse_email
from chalicelib.attendance.errors import (
    Closed,
    DetailsRequired,
    EmailRequired,
    KioskKeyRequired,
    NotOpen,
    NotRegistered,
    Refused,
    UnknownEvent,
)
from chalicelib.attendance.event import Event, normalize_event_code
from chalicelib.attendance.phone import attendee_id, parse_phone
from chalicelib.attendance.ports import CheckIns, Events, Registrations
from chalicelib.attendance.registration import Registration, clean_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A person at the door, as the request describes them. Nothing is parsed yet.

    `no_email`: they have no address and are checked in without a confirmation.
    `staffed`: the request comes from a kiosk that the organizers opened.
    """

    phone: str
    nonce: str | None = None
    name: str | None = None
    email: str | None = None
    no_email: bool = False
    staffed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`first`: this request made the check-in, or an earlier request with the same nonce did.

    `made`: this request made it. Clients are not told, so that a retry gets the same answer.
    """

    check_in: CheckIn
    first: bool
    made: bool = field(default=False, compare=False)


class Reception:
    """Checks attendees in.

    `secret_key` turns phone numbers into attendee ids. `region_code` (ISO 3166) is the country of
    numbers without a country code. `now` returns aware UTC.
    """

    def __init__(
        self,
        events: Events,
        registrations: Registrations,
        check_ins: CheckIns,
        *,
        secret_key: str,
        region_code: str,
        now: Callable[[], datetime],
    ) -> None:
        self._events = events
        self._registrations = registrations
        self._check_ins = check_ins
        self._secret_key = secret_key
        self._region_code = region_code
        self._now = now

    def event(self, event_code: str) -> Event:
        """The event with this code, upper or lower case. Raises UnknownEvent."""
        code = normalize_event_code(event_code)
        event = self._events.get(code) if code else None
        if event is None:
            raise UnknownEvent("no event has this code")
        return event

    def check_in(self, event_code: str, arrival: Arrival) -> Answer:
        """Check the attendee in once; every further call returns the same check-in.

        A first check-in and a duplicate cost one read and one conditional write. A refusal
        (because the event is closed, say) costs one more read: somebody who is already checked in
        is never refused.

        Raises UnknownEvent, KioskKeyRequired, InvalidPhone, InvalidRequest, or a subclass of
        Refused.
        """
        event = self.event(event_code)
        if not (event.self_check_in or arrival.staffed):
            raise KioskKeyRequired("the event has no self check-in")
        phone = parse_phone(arrival.phone, self._region_code)
        attendee = attendee_id(phone, self._secret_key)
        try:
            candidate = self._admit(event, attendee, phone, arrival)
        except Refused:
            earlier = self._check_ins.get(event.event_code, attendee)
            if earlier is None:
                raise
            return Answer(earlier, first=_same_try(earlier, arrival.nonce))
        earlier = self._check_ins.add(candidate)
        if earlier is None:
            return Answer(candidate, first=True, made=True)
        # If a reply was lost, the SDK repeats the write and finds its own item.
        mine = earlier.check_in_id == candidate.check_in_id
        return Answer(earlier, first=mine or _same_try(earlier, arrival.nonce), made=mine)

    def _admit(self, event: Event, attendee: str, phone: str, arrival: Arrival) -> CheckIn:
        now = self._now()
        match event.state(now):
            case "not_open":
                raise NotOpen(event)
            case "closed":
                raise Closed(event)
        stored = self._registrations.get(event.event_code, attendee)
        registration = stored if stored and stored.counts else None
        given_email = parse_email(arrival.email) if arrival.email else None
        walk_in = None
        if registration is None:
            walk_in = _walk_in(event, attendee, phone, arrival.name, given_email)
            if stored:  # they cancelled, and come all the same
                walk_in = replace(walk_in, kept=stored.kept)
            registration = walk_in
        email = registration.email or given_email
        if email is None and not arrival.no_email:
            raise EmailRequired("no address for the confirmation")
        if walk_in:
            # Stored before the check-in: if the process dies between the two, the next try finds
            # the registration. In the other order it would leave a check-in without a registration.
            registration = self._registrations.add(walk_in) or walk_in
            email = registration.email or given_email
        return CheckIn(
            check_in_id=new_check_in_id(),
            event_code=event.event_code,
            attendee_id=attendee,
            name=registration.name,
            email=email,
            checked_at=now.replace(microsecond=0),  # as stored, so that a retry gets the same
            changed_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
            source=registration.source,
            nonce=arrival.nonce,
            delivery=initial_delivery(email),
            expires_at=event.expires_at,
        )


def _walk_in(
    event: Event, attendee: str, phone: str, name: str | None, email: str | None
) -> Registration:
    if not event.walk_ins:
        raise NotRegistered("not on the roster")
    if not name or not name.strip():
        raise DetailsRequired("a walk-in without a name")
    return Registration(
        event_code=event.event_code,
        attendee_id=attendee,
        name=clean_name(name),
        email=email,
        phone_last4=phone[-4:],
        source="walk_in",
        expires_at=event.expires_at,
    )


def _same_try(check_in: CheckIn, nonce: str | None) -> bool:
    return nonce is not None and nonce == check_in.nonce
