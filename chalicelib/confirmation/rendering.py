"""A mail's subject, text and HTML: the templates in `templates/`, with a language's `words/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chalicelib.confirmation.content import Confirmation
from chalicelib.confirmation.language import words

_TEMPLATES = Path(__file__).parent / "templates"
# A URL is ASCII only, since Korean particles follow it without a space (https://example.com에서).
# It excludes the punctuation that ends a sentence.
_URL = re.compile(r"(https?://[!#-;=?-~]*[\w/=&~+#%-])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rendered:
    """`subject` is one line."""

    subject: str
    text: str
    html: str


def render(confirmation: Confirmation) -> Rendered:
    """Render the templates, which see the fields of `confirmation` and the language's `words`."""
    shown = {field.name: getattr(confirmation, field.name) for field in fields(confirmation)}
    shown["words"] = words(confirmation.locale)
    subject = " ".join(_rendered("confirmation.subject.txt", shown).split())
    return Rendered(
        subject,
        _rendered("confirmation.txt", shown),
        _rendered("confirmation.html", {**shown, "subject": subject}),
    )


def _rendered(template: str, shown: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(shown)


@cache
def _environment() -> Environment:
    """The environment keeps compiled templates until their file changes."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # The result alternates between text and URLs, and begins and ends with text.
    environment.filters["text_and_urls"] = _URL.split
    return environment
