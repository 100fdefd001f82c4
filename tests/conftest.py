"""What all tests share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.attendance.event import Event

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)  # 19:00 in Seoul


@pytest.fixture
def event() -> Event:
    """Open at NOW, with self check-in and without walk-ins."""
    return Event(
        event_code="0211ABC",
        name="파이썬 밋업 2월",
        organization="Example Python User Group",
        venue="서울 예시 빌딩 3층",
        starts_at=NOW + timedelta(minutes=30),
        check_in_opens_at=NOW - timedelta(hours=1),
        check_in_closes_at=NOW + timedelta(hours=3),
        timezone="Asia/Seoul",
        locale="ko",
        expires_at=NOW + timedelta(days=180),
    )
