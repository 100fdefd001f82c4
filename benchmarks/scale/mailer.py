"""What mails: a container with its connections, and a mail server that takes the mails or not."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import simpy

from benchmarks.scale.buckets import Bucket
from benchmarks.scale.parameters import Case, Choice, Figures, Steps
from benchmarks.scale.storage import Storage

_NOTHING_BEGUN_AFTER = 30.0  # seconds: half of the invocation's minute (docs/decisions/delivery.md)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds; chalicelib/confirmation/connections.py


@dataclass(slots=True)
class Mail:
    """The confirmation of one check-in."""

    stored_at: float
    sent_at: float | None = None
    is_claimed: bool = False
    copies: int = 0  # that the server took

    @property
    def is_owed(self) -> bool:
        return not self.is_claimed and self.sent_at is None


class Container:
    """What outlives an invocation: connections, CPU, and the pause that the server asked for."""

    def __init__(self, env: simpy.Environment, choice: Choice) -> None:
        self.is_cold = True
        self.connections = simpy.Resource(env, choice.connections)
        self.workers = choice.connections * choice.workers
        self.resumes_at = 0.0
        self.pauses = 0
        self._busy_until = 0.0

    def computes(self, now: float, seconds: float) -> float:
        """Seconds until so much CPU time, after all that was asked for before, is done."""
        self._busy_until = max(now, self._busy_until) + seconds
        return self._busy_until - now

    def slow_down(self, now: float) -> None:
        self.resumes_at = now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self.pauses)
        self.pauses = min(self.pauses + 1, 10)


class Mailer:
    def __init__(
        self,
        env: simpy.Environment,
        case: Case,
        figures: Figures,
        storage: Storage,
        chance: random.Random,
    ) -> None:
        self.invocations = 0
        self.seconds = 0.0
        self.all_sent = env.event()
        self._unsent = round(case.check_ins * case.share)
        self._env = env
        self._figures = figures
        self._storage = storage
        self._chance = chance
        self._provider = case.provider
        self._rate = Bucket(case.provider.a_second * case.share)
        self._left_today = case.provider.a_day * case.share
        self._vcpu = case.choice.vcpu

    def invoke(self, container: Container, batch: Sequence[Mail], *, sweeps: bool = False) -> Steps:
        """Mail what is owed; what has to come again."""
        begun = self._env.now
        self.invocations += 1
        if container.is_cold:
            container.is_cold = False
            cold = self._figures.consumer_cold_start_ms / 1000 / self._vcpu
            yield self._env.timeout(cold + self._figures.connect_seconds)
        queue = deque(batch)
        while True:
            yield self._env.timeout(max(0.0, container.resumes_at - self._env.now))
            before = container.pauses
            workers = min(len(queue), container.workers)
            yield simpy.AllOf(
                self._env,
                [self._env.process(self._work(container, queue, begun)) for _ in range(workers)],
            )
            throttled = container.resumes_at > self._env.now or container.pauses > before
            if not (sweeps and throttled and self._has_time(begun)):
                break
        self.seconds += self._env.now - begun
        return [mail for mail in batch if mail.is_owed]

    def _has_time(self, begun: float) -> bool:
        return self._env.now - begun < _NOTHING_BEGUN_AFTER

    def _work(self, container: Container, queue: deque[Mail], begun: float) -> Steps:
        """Until nothing is left, time is up, or the server has asked for a pause."""
        while queue and self._has_time(begun) and self._env.now >= container.resumes_at:
            mail = queue.popleft()
            if not mail.is_owed:
                continue
            mail.is_claimed = True
            cpu = container.computes(self._env.now, self._figures.mail_cpu_ms / 1000 / self._vcpu)
            yield self._env.timeout(cpu)
            if (yield from self._storage.write("claim")):
                yield from self._send(container, mail)
                while not (yield from self._storage.write("settle")):
                    pass  # the record is tried on; a second copy is not modelled
            mail.is_claimed = False

    def _send(self, container: Container, mail: Mail) -> Steps:
        with container.connections.request() as turn:
            yield turn
            steady = self._provider.seconds * (1 - self._figures.chance)
            by_chance = self._provider.seconds - steady
            yield self._env.timeout(
                steady + (self._chance.expovariate(1 / by_chance) if by_chance else 0.0)
            )
        if self._left_today >= 1 and self._rate.holds(self._env.now, 1):
            self._rate.take(1)
            self._left_today -= 1
            self._unsent -= 1
            if not self._unsent:
                self.all_sent.succeed()
            mail.sent_at = self._env.now
            mail.copies += 1
            container.pauses = 0
        elif self._env.now >= container.resumes_at:
            container.slow_down(self._env.now)
