"""The web inbox: a list, each mail as HTML, text and source, and the same as JSON for scripts.

A mail's HTML is not ours. It is shown in a sandboxed frame without scripts, under a policy that
loads nothing; the templates escape everything else.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.wrappers import Response as Redirect

from local.inbox.mailbox import Mail, Mailbox
from local.inbox.message import Message, Summary, frame_document, parse_message, summarize

_LISTED = 200  # mails on the page; the JSON lists all
_HEAD = 64 * 1024  # bytes: more than any header block
_VIEWS = {"html": "HTML", "text": "Text", "source": "Source"}

_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)

_pages = Blueprint("pages", __name__)


def create_app(mailbox: Mailbox, host: str) -> Flask:
    """The WSGI application over `mailbox`, for a server that listens on `host`."""
    app = Flask(__name__)
    # Otherwise a web page could point its own name at 127.0.0.1 and read the mails.
    app.config["TRUSTED_HOSTS"] = ["localhost", "127.0.0.1", host]
    app.extensions["mailbox"] = mailbox
    app.register_blueprint(_pages)
    return app


@_pages.get("/")
def index() -> str:
    mail_ids = _mailbox().ids()
    return render_template("list.html", mails=_summaries(mail_ids[:_LISTED]), total=len(mail_ids))


@_pages.get("/messages/<mail_id>")
def mail_page(mail_id: str) -> str:
    mail = _mail(mail_id)
    message = parse_message(mail.content)
    view = request.args.get("view", "text" if message.html is None else "html")
    if view not in _VIEWS:
        abort(404)
    return render_template(
        "mail.html",
        mail=summarize(mail),
        message=message,
        source=mail.content.decode("utf-8", "replace"),
        view=view,
        views=_VIEWS,
    )


@_pages.get("/messages/<mail_id>/frame")
def frame(mail_id: str) -> Response:
    message = parse_message(_mail(mail_id).content)
    response = Response(frame_document(message), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _MAIL_POLICY
    return response


@_pages.get("/messages/<mail_id>/source")
def source(mail_id: str) -> Response:
    return _download(_mail(mail_id).content, f"{mail_id}.eml")


@_pages.get("/messages/<mail_id>/attachments/<int:number>")
def attachment(mail_id: str, number: int) -> Response:
    attachments = parse_message(_mail(mail_id).content).attachments
    if number >= len(attachments):
        abort(404)
    return _download(attachments[number].content, attachments[number].filename)


@_pages.post("/delete")
def delete_all() -> Redirect:
    own = request.host_url.removesuffix("/")
    if request.headers.get("Origin", own) != own:  # a form on somebody else's page
        abort(403)
    _mailbox().clear()
    return redirect(url_for(".index"), 303)


@_pages.get("/api/messages")
def list_messages() -> dict[str, Any]:
    return {"messages": [_summary_json(found) for found in _summaries(_mailbox().ids())]}


@_pages.get("/api/messages/<mail_id>")
def show_message(mail_id: str) -> dict[str, Any]:
    mail = _mail(mail_id)
    return _summary_json(summarize(mail)) | _message_json(mail_id, parse_message(mail.content))


@_pages.after_app_request
def protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _mailbox() -> Mailbox:
    mailbox = current_app.extensions["mailbox"]
    assert isinstance(mailbox, Mailbox)
    return mailbox


def _mail(mail_id: str) -> Mail:
    return _mailbox().read(mail_id) or abort(404)


def _summaries(mail_ids: list[str]) -> list[Summary]:
    found = (_summary(_mailbox(), mail_id) for mail_id in mail_ids)
    return [summary for summary in found if summary]  # one may have been deleted meanwhile


@lru_cache(
    maxsize=10_000
)  # a stored mail never changes, and the page asks for the list all the time
def _summary(mailbox: Mailbox, mail_id: str) -> Summary | None:
    mail = mailbox.read(mail_id, limit=_HEAD)
    return summarize(mail) if mail else None


def _download(content: bytes, filename: str) -> Response:
    # Never as the type that it claims: the browser must save it, not show it as a page of ours.
    return send_file(
        BytesIO(content),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=filename,
    )


def _summary_json(summary: Summary) -> dict[str, Any]:
    return {
        "id": summary.mail_id,
        "received_at": summary.received_at.isoformat(),
        "from": summary.sender,
        "to": summary.recipients,
        "subject": summary.subject,
        "envelope": {"from": summary.envelope.sender, "to": summary.envelope.recipients},
    }


def _message_json(mail_id: str, message: Message) -> dict[str, Any]:
    return {
        "headers": message.headers,
        "text": message.text,
        "html": message.html,
        "attachments": [
            {
                "filename": attachment.filename,
                "content_type": attachment.content_type,
                "size": len(attachment.content),
                "url": url_for(".attachment", mail_id=mail_id, number=number),
            }
            for number, attachment in enumerate(message.attachments)
        ],
    }
