"""Mail files (mailboxes in mbox form, single messages): read forward, attachment by attachment."""

from preservation.archive_files.mail.messages import mailbox_members, message_members
from preservation.archive_files.mail.recognising import is_mailbox, is_message

__all__ = ["is_mailbox", "is_message", "mailbox_members", "message_members"]
