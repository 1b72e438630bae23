"""The pseudonyms under which receipts of erasures name people: of `AUDIT_KEY`, and of those that were it before."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from chat.deployment import Deployment
from chat.rules.audit import pseudonym
from chat_lambda.secrets import read_key
from privacy.settings import Settings


def under_each_key(deployment: Deployment, own: Settings) -> Iterator[Deployment]:
    """The deployment as it names people under each of the keys that are given, in their order. Raises `BadSecret`."""
    for reference in own.audit_keys:
        key = read_key("audit_key", reference, own.region)
        yield replace(deployment, pseudonym=partial(pseudonym, key=key))
