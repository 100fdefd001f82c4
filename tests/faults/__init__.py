"""The fault suite: each attendee gets a confirmation, whatever breaks. See docs/delivery.md.

`make faults` runs all of it and writes the tables of that page; `make test` runs a part.
"""
