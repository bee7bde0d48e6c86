"""How mails are written: as SMTP asks, with subjects that arrive letter by letter.

The library's own folding cuts a subject in encoded words wherever a line is full. Where that is at a space, the space
stands between two encoded words, and every reader drops it, as it must (RFC 2047 section 6.2): "France →Mali".
"""

from __future__ import annotations

from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import cast

#: characters of a line that holds an encoded word (RFC 2047 section 2)
LONGEST_LINE = 76


class _MailPolicy(EmailPolicy):
    """The policy of SMTP, but for subjects beyond ASCII: they are encoded whole, spaces included."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return a header as it is sent."""
        if name.lower() != "subject" or str(value).isascii():
            return super().fold_binary(name, value)
        words = Header(str(value), "utf-8", maxlinelen=LONGEST_LINE, header_name=name).encode(linesep=self.linesep)
        return f"{name}: {words}{self.linesep}".encode("ascii")


# The class of the library takes no parameter at run time, and without one mypy knows the older kind of message alone.
MAIL_POLICY = cast("EmailPolicy[EmailMessage]", _MailPolicy(linesep="\r\n"))
