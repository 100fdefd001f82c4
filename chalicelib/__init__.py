"""Rollcall: check attendees in, and mail each one a confirmation."""
