"""The checks. Importing this package puts all of them into `proving.check.CHECKS`, in the order in which they run."""

from proving.checks import access, changes, http, live, reading, realtime, sending, unread

__all__ = ["access", "changes", "http", "live", "reading", "realtime", "sending", "unread"]
