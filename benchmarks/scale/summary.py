"""What a run says of the whole: waits, ends and cost, with what the horizon cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measuring import Sample
from benchmarks.scale.limits import api_seconds
from benchmarks.scale.model import Outcome, Rush
from benchmarks.scale.parameters import Case, Figures

_DAY = 86_400.0
_SAMPLES = 20_000

# Dollars, as docs/costs.md has them (a test compares).
PRICES = {
    "API Gateway, REST requests": 3.50 / 1e6,
    "Lambda, requests": 0.20 / 1e6,
    "Lambda, GB-seconds": 0.0000166667,
    "DynamoDB, write units": 0.625 / 1e6,
    "DynamoDB, read units": 0.125 / 1e6,
    "CloudWatch Logs, taken in (GB)": 0.50,
    "Data out (GB)": 0.09,
}


@dataclass(frozen=True, slots=True)
class Summary:
    """Seconds; the `…_after` from the first guest on. `dollars`: AWS's and the mail server's."""

    door_median: float
    door_last: float
    in_after: float
    mail_median: float
    mail_last: float
    mailed_after: float
    dollars: float


def summarise(case: Case, figures: Figures) -> Summary:
    """Run the case. What is left at the horizon goes on as the last half of the run did."""
    outcome = Rush(case, figures).run()
    guests, ended = outcome.guests, outcome.ended_at
    stored = sorted(mail.stored_at for mail in outcome.mails)
    sent = sorted(mail.sent_at for mail in outcome.mails if mail.sent_at is not None)
    enters, leaves = _pace(stored, ended), _pace(sent, ended)
    a_day = case.provider.a_day * case.share

    def stored_at(place: int) -> float:
        return stored[place] if place < len(stored) else ended + (place - len(stored)) / enters

    def sent_at(place: int) -> float:
        """By turn; where a day's quota is used up, the next is there a day later."""
        if place >= a_day:
            return _DAY * (place // a_day)
        return ended + (place - len(sent)) / leaves

    step = max(1, guests // _SAMPLES)
    came = case.seconds / guests
    door = outcome.door_waits[::step]
    door += [stored_at(place) - place * came for place in range(len(stored), guests, step)]
    mail = outcome.mail_waits[::step]
    # Where mails keep pace with check-ins, the two paces differ by chance alone.
    usual = Sample(tuple(mail)).median if mail else 0.0
    mail += [
        max(usual, sent_at(place) - stored_at(place)) for place in range(len(sent), guests, step)
    ]
    door_waits, mail_waits = Sample(tuple(door)), Sample(tuple(mail))
    return Summary(
        door_median=door_waits.percentile(50),
        door_last=door_waits.percentile(99),
        in_after=stored_at(guests - 1),
        mail_median=mail_waits.percentile(50),
        mail_last=mail_waits.percentile(99),
        mailed_after=sent[-1] if len(sent) == guests else sent_at(guests - 1),
        dollars=dollars(case, figures, outcome),
    )


def dollars(case: Case, figures: Figures, outcome: Outcome) -> float:
    """The rush alone, without a month's fixed part: kiosks, one request a check-in."""
    guests = case.check_ins
    # What was seen of the mailing, for all of it; a quota's days of waiting are not in it.
    whole = guests / max(1, min(outcome.guests, len(outcome.mail_waits)))
    if case.provider.a_day < guests:
        whole = 1 / case.share
    gigabytes = case.choice.memory / 1024
    counts = {
        "API Gateway, REST requests": guests,
        "Lambda, requests": guests + outcome.invocations * whole,
        "Lambda, GB-seconds": guests * api_seconds(figures)
        + outcome.function_seconds * whole * gigabytes,
        "DynamoDB, write units": guests * case.design.units,
        "DynamoDB, read units": guests * 3 * 0.5,
        "CloudWatch Logs, taken in (GB)": guests * 0.8e-6 + outcome.invocations * whole * 1.5e-6,
        "Data out (GB)": guests * 16e-6,
    }
    aws = sum(PRICES[name] * count for name, count in counts.items())
    return aws + guests / 1000 * case.provider.dollars


def _pace(moments: Sequence[float], ended: float) -> float:
    """A second, in the last half of the run."""
    return max(1e-9, sum(moment > ended / 2 for moment in moments) / (ended / 2))
