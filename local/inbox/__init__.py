"""The mail server of the local runtime: it accepts and keeps every mail and shows it in a browser.

`mailbox` is the directory of `.eml` files, `smtp` fills it, `message` reads a mail's parts, and
`web` shows them. docs/decisions/inbox.md says why we wrote our own.
"""

from local.inbox.server import Inbox

__all__ = ["Inbox"]
