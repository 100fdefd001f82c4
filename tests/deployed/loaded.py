"""What each function has loaded from the zip when its first answer is there.

Our own modules, and of all others the packages. A line more here is a slower cold start
(docs/performance.md).
"""

from __future__ import annotations

# app.py names the routes and both mailers, so it brings these to each of the functions.
_EVERY = {
    "app",
    "chalice",
    "chalicelib",
    "chalicelib.attendance",
    "chalicelib.attendance.check_in",
    "chalicelib.attendance.delivery",
    "chalicelib.attendance.email",
    "chalicelib.attendance.errors",
    "chalicelib.attendance.event",
    "chalicelib.attendance.phone",
    "chalicelib.attendance.ports",
    "chalicelib.attendance.reception",
    "chalicelib.attendance.registration",
    "chalicelib.attendance.text",
    "chalicelib.invocation",
    "chalicelib.settings",
    "chalicelib.storage",
    "chalicelib.storage.batches",
    "chalicelib.storage.check_ins",
    "chalicelib.storage.deliveries",
    "chalicelib.storage.dynamodb",
    "chalicelib.storage.events",
    "chalicelib.storage.parameters",
    "chalicelib.storage.registrations",
    "chalicelib.telemetry",
    "chalicelib.telemetry.json_log",
    "chalicelib.telemetry.metrics",
    "chalicelib.web",
    "chalicelib.web.access",
    "chalicelib.web.check_ins",
    "chalicelib.web.kiosk",
    "chalicelib.web.language",
    "chalicelib.web.problems",
    "chalicelib.web.request_log",
    "chalicelib.wiring",
    "phonenumbers",
}

# A registered attendee's check-in.
API = _EVERY

# One mail.
CONSUMER = _EVERY | {
    "chalicelib.confirmation",
    "chalicelib.confirmation.backlog",
    "chalicelib.confirmation.composer",
    "chalicelib.confirmation.confirmations",
    "chalicelib.confirmation.connection",
    "chalicelib.confirmation.content",
    "chalicelib.confirmation.login",
    "chalicelib.confirmation.pipeline",
    "chalicelib.confirmation.pool",
    "chalicelib.confirmation.records",
    "chalicelib.confirmation.rendering",
    "chalicelib.confirmation.replies",
    "chalicelib.confirmation.run",
    "chalicelib.confirmation.service",
    "jinja2",
    "markupsafe",
    "yagmail",
}

# One mail, to an address that is not plain.
SWEEP = CONSUMER | {"email_validator", "idna"}
