"""The commands for organizers and operators: `python -m operations`. It is never deployed.

Like `app.py`, this package imports chalicelib, and nothing in chalicelib imports it.
"""
