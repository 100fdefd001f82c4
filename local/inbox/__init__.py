"""The mail server of the local runtime: it takes every mail, keeps it, and shows it in a browser.

`mailbox` is the directory of `.eml` files, `smtp` fills it, `message` reads a mail's parts, `web`
shows them. docs/decisions/inbox.md says why it is the project's own.
"""

from local.inbox.server import Inbox

__all__ = ["Inbox"]
