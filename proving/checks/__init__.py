"""The checks. Importing this package puts all of them into `CHECKS`, in the order in which they run."""

from proving.check import CHECKS
from proving.checks import access, changes, http, live, reading, realtime, sending, unread

__all__ = ["CHECKS", "access", "changes", "http", "live", "reading", "realtime", "sending", "unread"]
