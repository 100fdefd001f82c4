"""Rollcall: check attendees in, and mail each one a confirmation."""

import gc

# A start makes some hundred thousand objects that stay. With Python's 700, it looks through them
# for garbage again and again, which takes some 4 % of a cold start.
gc.set_threshold(50_000)
