"""Which of our languages the client prefers."""

from __future__ import annotations

from chalicelib.attendance.event import LOCALES, Locale


def asked_language(accept_language: str | None, default: Locale = "en") -> Locale:
    """The best match for an Accept-Language header (RFC 9110, section 12.5.4), else the default."""
    best, best_weight = default, 0.0
    for choice in (accept_language or "").split(","):
        tag, _, parameter = choice.partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        for locale in LOCALES:
            if language == locale and weight > best_weight:
                best, best_weight = locale, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
