"""Measurements, each a row of the table that `make bench` prints. Never part of the tests."""
