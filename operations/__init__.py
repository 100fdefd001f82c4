"""What organizers and operators run from a terminal: `python -m operations`. Never packaged.

It stands outside the app like `app.py` does: it calls the inner rooms, and none calls it.
"""
