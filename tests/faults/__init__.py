"""The fault suite: whatever breaks, each attendee gets the confirmation. See docs/delivery.md.

`make faults` runs all of it and writes the tables of that page; `make test` runs a part.
"""
