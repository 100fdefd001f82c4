"""What organizers and operators run from a terminal: `python -m operations`. Never packaged.

Like `app.py` it stands outside: it calls the inner rooms, and none of them calls it.
"""
