"""Rollcall: check attendees in, and mail each one a confirmation."""

import gc

# A start makes some ninety thousand objects that stay. With Python's 700, it looks through them
# for garbage again and again, and through all of them at least once: some 6 % of a cold start.
gc.set_threshold(100_000)
