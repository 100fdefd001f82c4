"""The tables of docs/scale.md: `model` calculates, `python -m benchmarks.scale` writes them."""
