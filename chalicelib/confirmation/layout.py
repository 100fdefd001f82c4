"""The confirmation's HTML: pieces of markup, in which every text is escaped as it is put there.

Inline styles carry the mail: not every client reads the style block, which adds dark colours
and a narrower frame on phones. Nothing is loaded from anywhere. Without any CSS it still reads
from top to bottom. Outlook takes the width from the attribute, all others from max-width.

The styles' names in braces are put in when this is imported, %s and %(…)s in each mail.
"""

# ruff: noqa: E501  -- a tag with its style is one line

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from chalicelib.confirmation.content import Shown

# ASCII only, since Korean particles follow a URL without a space (https://example.com에서), and
# without the punctuation that ends a sentence.
_URL = re.compile(r"(https?://[!#-;=?-~]*[\w/=&~+#%-])", re.ASCII)

_STYLE_BLOCK = Markup("""\
<style>
:root { color-scheme: light dark; }
@media (max-width: 480px) {
  .page { padding: 12px 10px !important; }
  .side { padding-left: 20px !important; padding-right: 20px !important; }
}
@media (prefers-color-scheme: dark) {
  .ground { background: #101514 !important; }
  .card { background: #1a211f !important; border-color: #2d3835 !important; }
  .proof { background: #16302a !important; border-color: #2b5a4e !important; }
  .rule { border-color: #2d3835 !important; }
  .ink { color: #eef3f1 !important; }
  .quiet { color: #a3b1ac !important; }
  .accent { color: #7ed6bd !important; }
}
</style>""")
_STYLES = {
    "font": "font-family:-apple-system,Segoe UI,Apple SD Gothic Neo,Malgun Gothic,Noto Sans KR,Noto Sans CJK KR,sans-serif",
    "mono": "font-family:SFMono-Regular,Menlo,Consolas,D2Coding,Noto Sans Mono,monospace",
    "wrap": "word-break:keep-all;overflow-wrap:anywhere",
}

_PAGE = Markup("""\
<!doctype html>
<html lang="%(locale)s">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no">
<title>%(subject)s</title>
{style}
</head>
<body class="ground" style="margin:0;padding:0;background:#f3f6f5">
<table role="presentation" width="100%%" cellpadding="0" cellspacing="0" border="0">
<tr>
<td class="ground page" align="center" style="padding:32px 16px;background:#f3f6f5">
<table role="presentation" class="card" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%%;max-width:600px;background:#ffffff;border:1px solid #dde5e2;border-radius:14px;border-collapse:separate;text-align:left">
<tr>
<td class="side" style="padding:32px 36px 24px;{font};{wrap}">
<p class="accent" style="margin:0 0 10px;font-size:15px;line-height:1.4;font-weight:600;color:#0b6b58">&#10003; %(status)s</p>
<h1 class="ink" dir="auto" style="margin:0;font-size:26px;line-height:1.3;font-weight:700;color:#15201d">%(heading)s</h1>
%(organization)s</td>
</tr>
<tr>
<td class="side" style="padding:0 36px">
<table role="presentation" width="100%%" cellpadding="0" cellspacing="0" border="0">
<tr>
<td class="proof" style="padding:20px 22px;background:#eaf4f0;border:1px solid #c4dfd6;border-radius:10px;{font};{wrap}">
<p class="quiet" style="margin:0;font-size:13px;line-height:1.5;color:#4a5a55">%(attendee_label)s</p>
<p class="ink" dir="auto" style="margin:0;font-size:21px;line-height:1.4;font-weight:700;color:#15201d">%(attendee)s</p>
%(number)s<p class="accent" style="margin:16px 0 0;font-size:16px;line-height:1.5;font-weight:600;color:#0b6b58">%(show_at_desk)s</p>
</td>
</tr>
</table>
</td>
</tr>
%(details)s%(announcement)s<tr>
<td style="padding:0 0 32px;font-size:0;line-height:0">&nbsp;</td>
</tr>
</table>
<p class="quiet" style="max-width:560px;margin:18px auto 0;font-size:13px;line-height:1.6;color:#55645f;{font};{wrap}">%(closing)s</p>
</td>
</tr>
</table>
</body>
</html>
""").format(**_STYLES, style=_STYLE_BLOCK)

_ORGANIZATION = Markup("""\
<p class="quiet" dir="auto" style="margin:6px 0 0;font-size:16px;line-height:1.5;color:#55645f">%s</p>
""")

_NUMBER = Markup("""\
<p class="quiet" style="margin:14px 0 0;font-size:13px;line-height:1.5;color:#4a5a55">%s</p>
<p class="ink" style="margin:0;font-size:20px;line-height:1.4;font-weight:600;color:#15201d;{mono}">%s</p>
""").format(**_STYLES)
_HYPHEN = Markup("-<wbr>")

_DETAILS = Markup("""\
<tr>
<td class="side" style="padding:18px 36px 0">
<table width="100%%" cellpadding="0" cellspacing="0" border="0">
%s</table>
</td>
</tr>
""")
_DETAIL = Markup("""\
<tr>
<th class="quiet" scope="row" align="left" valign="top" style="width:80px;padding:7px 14px 7px 0;font-size:14px;line-height:1.6;font-weight:400;text-align:left;color:#55645f;white-space:nowrap;{font}">%s</th>
<td class="ink" dir="auto" valign="top" style="padding:7px 0;font-size:15px;line-height:1.5;font-weight:500;color:#15201d;{font};{wrap}">%s</td>
</tr>
""").format(**_STYLES)

_ANNOUNCEMENT = Markup("""\
<tr>
<td class="side" style="padding:20px 36px 0">
<table role="presentation" width="100%%" cellpadding="0" cellspacing="0" border="0">
<tr>
<td class="rule" style="padding:20px 0 0;border-top:1px solid #dde5e2;{font};{wrap}">
<h2 class="ink" style="margin:0 0 8px;font-size:16px;line-height:1.5;font-weight:700;color:#15201d">%s</h2>
<p class="ink" dir="auto" style="margin:0;font-size:16px;line-height:1.65;color:#15201d">
%s
</p>
</td>
</tr>
</table>
</td>
</tr>
""").format(**_STYLES)
_LINK = Markup("""<a class="accent" href="%s" style="color:#0b6b58">%s</a>""")
_BREAK = Markup("<br>")
_LINE_END = _BREAK + "\n"


def lay_out(shown: Shown) -> str:
    """The page; what is not known leaves no gap."""
    wording = shown.wording
    because, replies = wording.sent_because, wording.replies
    page = _PAGE % {
        "locale": shown.locale,
        "subject": shown.subject,
        "status": wording.status,
        "heading": shown.event or wording.subject_unnamed,
        "organization": _ORGANIZATION % shown.organization if shown.organization else "",
        "attendee_label": wording.attendee,
        "attendee": shown.attendee,
        "number": _number(shown) if shown.check_in_id else "",
        "show_at_desk": wording.show_at_desk,
        "details": _details(shown) if shown.details else "",
        "announcement": _announcement(shown) if shown.announcement else "",
        "closing": _BREAK.join((because, replies) if shown.replies else (because,)),
    }
    return str(page)


def _number(shown: Shown) -> Markup:
    return _NUMBER % (shown.wording.check_in_number, _HYPHEN.join(shown.check_in_id.split("-")))


def _details(shown: Shown) -> Markup:
    return _DETAILS % Markup().join(_DETAIL % detail for detail in shown.details)


def _announcement(shown: Shown) -> Markup:
    lines = _LINE_END.join(map(_linked, shown.announcement))
    return _ANNOUNCEMENT % (shown.wording.announcement, lines)


def _linked(line: str) -> Markup:
    """The line, its URLs as links to themselves."""
    pieces = _URL.split(line)  # text and URLs in turn, beginning and ending with text
    pieces[1::2] = (_LINK % (url, url) for url in pieces[1::2])
    return Markup().join(pieces)
