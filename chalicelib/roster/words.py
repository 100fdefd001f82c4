"""The words that headers, statuses and blank cells use, from words.toml."""

from __future__ import annotations

import tomllib
from importlib.resources import files

WORDS: dict[str, dict[str, list[str]]] = tomllib.loads(
    files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
)
