"""The faults that each write must survive, by name: before a commit nothing is stored, after it all is."""

import pytest

from tests.guarantees.support import proxy
from tests.guarantees.support.proxy import Fault

BEFORE_THE_COMMIT = {
    "throttled": proxy.error("ThrottlingException"),
    "over the partition's capacity": proxy.error("ProvisionedThroughputExceededException"),
    "over the account's limit": proxy.error("RequestLimitExceeded"),
    "in progress": proxy.error("TransactionInProgressException"),
    "an internal error": proxy.error("InternalServerError", 500),
    "a gateway's page": proxy.error("no json of DynamoDB", 502),
    "a conflict on the member": proxy.conflict(0),
    "a conflict on the idempotency key": proxy.conflict(1),
    "a conflict on the head": proxy.conflict(2),
    "a conflict on the message": proxy.conflict(3),
    "an item throttled": proxy.conflict(2, "ThrottlingError"),
    "the request lost": proxy.lost_request,
    "the connection ended": proxy.refused_connection,
}
AFTER_THE_COMMIT = {
    "the answer lost": proxy.lost_answer,
    "the answer truncated": proxy.truncated_answer,
    "a gateway's page": proxy.garbled_answer,
}
ALL = [pytest.param(fault, id=f"before the commit: {name}") for name, fault in BEFORE_THE_COMMIT.items()] + [
    pytest.param(fault, id=f"after the commit: {name}") for name, fault in AFTER_THE_COMMIT.items()
]
LOST = [pytest.param(fault, id=name) for name, fault in AFTER_THE_COMMIT.items()]
FEW: dict[str, Fault] = {
    **{
        name: BEFORE_THE_COMMIT[name]
        for name in ("throttled", "an internal error", "a conflict on the member", "the request lost")
    },
    **{name: AFTER_THE_COMMIT[name] for name in ("the answer lost", "the answer truncated")},
}
"""Where each is tried with many operations: one of each kind."""
