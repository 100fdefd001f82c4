"""Reads roster files and imports the people in them into an event."""
