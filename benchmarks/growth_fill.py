"""Up to a million check-ins into a DynamoDB Local, in a minute or two.

Its API takes about a thousand rows a second. So Rollcall's own code stores a few check-ins through
the API, and these are copied within the SQLite file in which DynamoDB Local keeps its tables, each
time for another attendee, event and moment. Both indexes see the copies, as columns of that file;
the stream does not.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from benchmarks.growth_tables import CODES, KEY, LATER, NOW, Tables, phone, visitors
from chalicelib.attendance.check_in import CheckIn, new_check_in_id
from chalicelib.attendance.delivery import Attempt, End
from chalicelib.attendance.phone import attendee_id
from chalicelib.storage.check_ins import CheckInTable
from chalicelib.storage.deliveries import DUE_SHARDS, Deliveries

_OWED_EVERY = 10

# SQLite's own index, of the primary key, has no `sql`, and stays.
_INDEXES = """
SELECT name, sql FROM sqlite_master
WHERE type = 'index' AND tbl_name = 'check-ins' AND sql IS NOT NULL
"""

# A hash of the key, by which DynamoDB Local orders what an index has at the same moment. How it
# makes it is its own affair: no two check-ins of an event are of the same second here.
_NO_HASH = bytes(20)

Row = tuple[bytes | int | None, ...]


def fill(tables: Tables, count: int) -> None:
    """`count` check-ins: every other one of CODES[0], the mail of every tenth owed.

    The attendees' numbers are those from 0 on. One comes each second, up to now.
    """
    patterns = _stored(tables)
    file = sqlite3.connect(tables.directory / "shared-local-instance.db")
    file.execute("PRAGMA synchronous = off")
    file.execute("PRAGMA cache_size = -500000")  # kB
    with file:
        rows = {_key(row): row for row in file.execute('SELECT * FROM "check-ins"')}
        file.execute('DELETE FROM "check-ins"')
        indexes = file.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            file.execute(f'DROP INDEX "{name}"')
        file.executemany(
            'INSERT INTO "check-ins" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
            (_copy(patterns, rows, number, count) for number in range(count)),
        )
        for _, sql in indexes:  # made at once they cost a quarter
            file.execute(sql)
    file.close()


def owed(count: int) -> int:
    """How many mails are, when the `new` visitors have come too."""
    return count // _OWED_EVERY + len(visitors("new", count))


def _stored(tables: Tables) -> dict[str, CheckIn]:
    """One that is owed for each shard, and one whose mail is `sent`."""
    client = tables.client()
    table, deliveries = CheckInTable(client, "check-ins"), Deliveries(client, "check-ins")
    patterns = {shard: _check_in(shard * 64) for shard in DUE_SHARDS}
    patterns["sent"] = _check_in("0123456789abcdef" * 4)
    for pattern in patterns.values():
        table.add(pattern)
    until = NOW + timedelta(minutes=1)
    attempt = Attempt(token="1", now=NOW, until=until, most_copies=2)  # noqa: S106  -- no secret
    keys = {"attendee_id": {"S": patterns["sent"].attendee_id}, "event_code": {"S": CODES[0]}}
    deliveries.claim(keys, attempt)
    deliveries.settle(keys, attempt.token, End(status="sent", now=NOW))
    return patterns


def _check_in(attendee: str) -> CheckIn:
    return CheckIn(
        check_in_id=new_check_in_id(),
        event_code=CODES[0],
        attendee_id=attendee,
        name="김하나",
        email="hana@example.com",
        checked_at=NOW - timedelta(days=15),
        source="roster",
        nonce="00000000-0000-4000-8000-000000000000",
        delivery="due",
        expires_at=LATER,
    )


def _copy(patterns: dict[str, CheckIn], rows: dict[bytes, Row], number: int, count: int) -> Row:
    attendee = attendee_id(phone(number), KEY)
    pattern = patterns["sent" if number % _OWED_EVERY else attendee[0]]
    code = CODES[0] if number % 2 else CODES[1 + number // 2 % (len(CODES) - 1)]
    moment = int(NOW.timestamp()) - count + number
    digits = f"{number:016}"
    check_in_id = "-".join(digits[place : place + 4] for place in range(0, 16, 4))
    changes = (
        (pattern.attendee_id.encode(), attendee.encode()),
        (pattern.event_code.encode(), code.encode()),
        (pattern.check_in_id.encode(), check_in_id.encode()),
        (str(int(pattern.checked_at.timestamp())).encode(), str(moment).encode()),
    )
    return tuple(_changed(value, changes) for value in rows[pattern.attendee_id.encode()])


def _changed(
    value: bytes | int | None, changes: tuple[tuple[bytes, bytes], ...]
) -> bytes | int | None:
    if not isinstance(value, bytes):
        return value
    if len(value) == len(_NO_HASH):
        return _NO_HASH
    for old, new in changes:
        value = value.replace(old, new)
    return value


def _key(row: Row) -> bytes:
    assert isinstance(row[0], bytes), "the attendee's id"
    return row[0]
