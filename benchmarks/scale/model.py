"""The simulation: guests at the door, the stream's lanes with their mailers, and the sweep.

One process for each line at the door, each lane of the stream mapping, each worker in a container,
and the sweep, on SimPy's clock (seconds). Nothing is by chance but what `seed` gives.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import simpy

from benchmarks.clients import KIOSK_PAUSES
from benchmarks.scale.door import Door
from benchmarks.scale.mailer import Container, Mail, Mailer
from benchmarks.scale.parameters import Case, Choice, Figures, Steps
from benchmarks.scale.storage import Storage

_LINES = 10  # requests under way at once for each check-in a second: kiosks, or phones
_SPLIT_SECONDS = 300.0  # AWS: it "takes several minutes"
_SWEEP_SECONDS = 60.0
_ATTEMPTS = 9  # of a batch: the first, and MaximumRetryAttempts


@dataclass(slots=True)
class Outcome:
    """Of the part that was simulated; seconds each. `door_waits`: from the first try to the 201."""

    guests: int = 0
    door_waits: list[float] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    invocations: int = 0
    function_seconds: float = 0.0
    given_up: int = 0
    ended_at: float = 0.0

    @property
    def mail_waits(self) -> list[float]:
        """From the stored check-in to the server's 250, of the mails that are out."""
        return [mail.sent_at - mail.stored_at for mail in self.mails if mail.sent_at is not None]


class Rush:
    """One run of a case."""

    def __init__(self, case: Case, figures: Figures, seed: int = 1) -> None:
        self.outcome = Outcome(guests=round(case.check_ins * case.share))
        self._case = case
        self._random = random.Random(seed)  # noqa: S311  -- chance, no secret
        self._env = simpy.Environment()
        self.storage = Storage(self._env, case, figures, self._random)
        self._door = Door(self._env, case, figures, self.storage)
        self._mailer = Mailer(self._env, case, figures, self.storage, self._random)
        self._poll = figures.poll_seconds
        self._check_in_seconds = figures.checkin_cpu_ms / 1000
        # Each lane of a shard has items of its own: with-ddb.html, "ParallelizationFactor".
        lanes = max(1, round(case.choice.lanes * case.share))
        self._lanes = [_Lane(self._env, case.choice) for _ in range(lanes)]
        self._owed: deque[Mail] = deque()
        self._arrivals = self._arrive()
        rate = min(case.choice.rate_limit, case.check_ins / case.seconds)
        self._lines = max(2, round(_LINES * rate * case.share))

    def run(self, stored_at: Sequence[float] | None = None) -> Outcome:
        """Until every mail is out, or to the case's horizon.

        `stored_at`: when check-ins are made by the machine that mails, instead of at a door.
        """
        if stored_at is None:
            for _ in range(self._lines):
                self._env.process(self._line())
        else:
            self._env.process(self._replay(stored_at))
        for lane in self._lanes:
            self._env.process(self._run(lane))
        if self._case.share == 1:  # one sweep cannot be cut; without it a part is rather too slow
            self._env.process(self._sweep())
        self._env.process(self._split())
        self._env.run(self._mailer.all_sent | self._env.timeout(self._case.horizon))
        self.outcome.ended_at = self._env.now
        self.outcome.invocations = self._mailer.invocations
        self.outcome.function_seconds = self._mailer.seconds
        return self.outcome

    def _arrive(self) -> Iterator[float]:
        """When each guest comes. Taken one by one, so that those who are not seen cost nothing."""
        moment = 0.0
        for _ in range(self.outcome.guests):
            moment += self._random.expovariate(self.outcome.guests / self._case.seconds)
            yield moment

    def _line(self) -> Steps:
        """A kiosk, or a place in the crowd: the next guest, until they are in."""
        for came_at in self._arrivals:
            yield self._env.timeout(max(0.0, came_at - self._env.now))
            tries = 0
            while not (yield from self._door.check_in()):
                yield self._env.timeout(KIOSK_PAUSES[min(tries, len(KIOSK_PAUSES) - 1)])
                tries += 1
            self.outcome.door_waits.append(self._env.now - came_at)
            self._store()

    def _replay(self, stored_at: Sequence[float]) -> Steps:
        for moment in sorted(stored_at):
            yield self._env.timeout(moment - self._env.now)
            self._store().container.computes(moment, self._check_in_seconds)

    def _store(self) -> _Lane:
        mail = Mail(self._env.now)
        self.outcome.mails.append(mail)
        self._owed.append(mail)
        lane = self._random.choice(self._lanes)
        lane.add(mail)
        return lane

    def _run(self, lane: _Lane) -> Steps:
        choice = self._case.choice
        while True:
            if not lane.records:
                yield lane.arrival()
                yield self._env.timeout(self._random.uniform(0, self._poll))
            if len(lane.records) < choice.batch_size and choice.window:
                yield self._env.timeout(choice.window)
            batch = lane.take(choice.batch_size)
            for _ in range(_ATTEMPTS):
                batch = yield from self._mailer.invoke(lane.container, batch)
                if not batch:
                    break
            self.outcome.given_up += len(batch)

    def _sweep(self) -> Steps:
        container = Container(self._env, self._case.choice)
        while True:
            yield self._env.timeout(_SWEEP_SECONDS - self._env.now % _SWEEP_SECONDS)
            while self._owed and self._owed[0].sent_at is not None:
                self._owed.popleft()
            due = [mail for mail in self._owed if mail.is_owed]
            if due:
                yield from self._mailer.invoke(container, due, sweeps=True)

    def _split(self) -> Steps:
        while True:
            yield self._env.timeout(_SPLIT_SECONDS)
            self.storage.grow()


class _Lane:
    """What the mapping has not taken yet, and the container that it goes to."""

    def __init__(self, env: simpy.Environment, choice: Choice) -> None:
        self.container = Container(env, choice)
        self.records: deque[Mail] = deque()
        self._env = env
        self._waiting: simpy.Event | None = None

    def add(self, mail: Mail) -> None:
        self.records.append(mail)
        if self._waiting:
            self._waiting.succeed()
            self._waiting = None

    def arrival(self) -> simpy.Event:
        self._waiting = self._env.event()
        return self._waiting

    def take(self, most: int) -> list[Mail]:
        return [self.records.popleft() for _ in range(min(most, len(self.records)))]
