"""Measurements: what `make bench` prints and writes into docs/performance.md. Never tests."""
