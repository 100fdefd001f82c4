"""`make mail` shows the mail that would be sent, in each language, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import TemplateSyntaxError

from chalicelib.attendance.event import LOCALES
from chalicelib.confirmation import rendering
from local import mail_preview
from local.mail_preview import SAMPLES, create_app

DARK = "background: #101514"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_is_shown_light_and_dark(sample: str, locale: str) -> None:
    client = create_app().test_client()
    query = {"sample": sample, "locale": locale}
    page = client.get("/", query_string=query).text
    assert f'/frame/dark?locale={locale}&amp;sample={sample}"' in page
    dark, light = (
        client.get(f"/frame/{each}", query_string=query).text for each in ("dark", "light")
    )
    assert "prefers-color-scheme" not in dark + light
    assert dark.index("@media all") < dark.index(DARK)
    assert light.index("@media not all") < light.index(DARK)
    assert client.get("/", query_string={"sample": "another"}).status_code == 404


def test_an_edit_changes_the_version_and_a_mistake_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = create_app().test_client()
    before = client.get("/version").text
    words = tmp_path / "words" / "ko.toml"
    words.parent.mkdir()
    words.write_text("")
    monkeypatch.setattr(mail_preview, "_SOURCES", tmp_path)
    assert client.get("/version").text != before

    def broken(_: object) -> rendering.Rendered:
        raise TemplateSyntaxError("unexpected end of template", 7)

    monkeypatch.setattr("chalicelib.confirmation.composer.render", broken)
    page = client.get("/")
    assert page.status_code == 200
    assert "unexpected end of template" in page.text
    assert "/version" in page.text  # so it reloads with the next edit
    assert client.get("/frame/light").status_code == 200
