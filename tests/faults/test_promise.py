"""A thousand check-ins under faults, and each one gets its confirmation.

`make test` plays them with thirty, and its hour is shorter.
"""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from faults.check_ins import Record
from faults.conftest import ALL, SetScene
from faults.meetup import Meetup
from faults.row import SENT_IN_DOUBT, Row
from faults.rows import ROWS
from faults.scene import Scene

CROWD = 1000 if ALL else 30
_TIMEOUTS = {"SMTP_TIMEOUT", "STORAGE_TIMEOUT"}
HOUR = timedelta(hours=1 if ALL else 0.1)
ADDRESSES = [f"guest-{number}@example.com" for number in range(CROWD)]
BATCH = 5
LEASE = timedelta(seconds=60)

# Faults that wait for a timeout need short ones, which a busy machine would exceed by itself.
FAULTS = [
    row
    for row in ROWS
    if row.inject and row.promise.state == "sent" and not row.settings.keys() & _TIMEOUTS
]
IN_DOUBT = [row for row in FAULTS if row.brief and row.promise == SENT_IN_DOUBT]


def gather(scene: Scene) -> list[Record]:
    """Check the crowd in, and return the stream's records."""
    scene.meetup.open()
    return scene.meetup.check_in(*ADDRESSES)


def everybody_has_one_mail(meetup: Meetup) -> None:
    assert meetup.states() == dict.fromkeys(ADDRESSES, "sent")
    assert meetup.copies() == dict.fromkeys(ADDRESSES, 1)


def test_under_a_mix_of_all_faults_everybody_gets_a_mail(set_scene: SetScene) -> None:
    scene = set_scene("in a process", SMTP_MESSAGES_PER_CONNECTION="10")
    meetup = scene.meetup
    chance = random.Random(2026)
    faults = [*IN_DOUBT, *chance.choices(FAULTS, k=CROWD // 10)]
    hit: dict[str, Row] = dict(zip(chance.sample(ADDRESSES, len(faults)), faults, strict=True))
    records = gather(scene)
    for first in range(0, CROWD, BATCH):
        for address in ADDRESSES[first : first + BATCH]:
            if (row := hit.get(address)) and row.inject:
                row.inject(scene, address)
        meetup.deliver(records[first : first + BATCH])
    scene.calm()
    meetup.clock.now += LEASE
    meetup.sweep()

    assert meetup.states() == dict.fromkeys(ADDRESSES, "sent")
    assert set(meetup.copies()) == set(ADDRESSES)
    in_doubt = {address for address, row in hit.items() if row.promise == SENT_IN_DOUBT}
    twice = {address for address, copies in meetup.copies().items() if copies > 1}
    assert twice <= in_doubt
    assert twice  # it happened
    assert max(meetup.copies().values()) == 2
    assert all(len(ids) == 1 for ids in meetup.message_ids().values())


def test_the_sweep_mails_everybody_after_the_mapping_was_off(set_scene: SetScene) -> None:
    scene = set_scene(SMTP_CONNECTIONS="4")
    gather(scene)
    scene.meetup.sweep()
    everybody_has_one_mail(scene.meetup)


def test_an_address_refused_for_good_in_every_batch_stops_nobody(set_scene: SetScene) -> None:
    scene = set_scene(SMTP_CONNECTIONS="4")
    meetup = scene.meetup
    records = gather(scene)
    refused = ADDRESSES[2::BATCH]
    for address in refused:
        scene.server.always("RCPT", "550 5.1.1 unknown", about=f"<{address}>")
    meetup.tries = 1
    assert meetup.deliver(records, BATCH) == []
    assert meetup.states() == {
        address: "failed" if address in refused else "sent" for address in ADDRESSES
    }
    assert meetup.copies() == dict.fromkeys(set(ADDRESSES) - set(refused), 1)


def test_ten_consumers_on_the_same_batches_mail_everybody_once(set_scene: SetScene) -> None:
    scene = set_scene("at a server", SMTP_CONNECTIONS="4")
    meetup = scene.meetup
    records = gather(scene)
    batches = [records[first : first + 25] for first in range(0, CROWD, 25)]
    consumers = [meetup.start() for _ in range(10)]
    with ThreadPoolExecutor(len(consumers)) as pool:
        for batch in batches:
            event = {"Records": batch}
            answers = [pool.submit(each.send_confirmations, event) for each in consumers]
            assert all(answer.result() == {"batchItemFailures": []} for answer in answers)
    everybody_has_one_mail(meetup)


def test_an_hour_with_a_wrong_password_loses_no_mail(set_scene: SetScene) -> None:
    scene = set_scene(SMTP_SECURITY="none")
    meetup = scene.meetup
    meetup.tries = 1
    records = gather(scene)
    scene.server.always("AUTH", "535 5.7.8 wrong")
    assert meetup.deliver(records) == records
    meetup.sweep_for(HOUR)
    assert Counter(meetup.states().values()) == {"due": CROWD}
    scene.calm()
    meetup.sweep()
    everybody_has_one_mail(meetup)
