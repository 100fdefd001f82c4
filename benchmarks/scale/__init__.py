"""The tables of docs/scale.md: `model` calculates, and `python -m benchmarks.scale` writes."""
