"""`python -m migration`: give rooms whose messages were written before numbering their numbers and a head.

`docs/migration.md` says what is accepted, what members see meanwhile, and why it may be stopped at any moment.
"""
