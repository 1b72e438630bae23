"""What the failures of botocore mean: whether trying again may help, and
whether the request may have taken effect."""

import socket

import botocore.exceptions
import pytest

from chat.storage.aws import OutcomeUnknown, StoreFailure, TransientFailure, client, failures

# Requests that never left: the connection was not made.
NOT_CONNECTED = {
    "ConnectTimeoutError",
    "ConnectionError",
    "EndpointConnectionError",
    "ProxyConnectionError",
    "SSLError",
}
# Requests that may have taken effect: the connection broke, or the answer did.
ON_THE_WAY = {"ConnectionClosedError", "HTTPClientError", "ReadTimeoutError", "ResponseStreamingError"}


def family(parent: type[Exception]) -> set[type[Exception]]:
    return {parent, *(each for child in parent.__subclasses__() for each in family(child))}


def raised(kind: type[Exception]) -> StoreFailure:
    with pytest.raises(StoreFailure) as caught, failures():
        raise kind.__new__(kind, "somebody's text")
    return caught.value


def test_every_failure_of_the_network_may_be_tried_again() -> None:
    network = family(botocore.exceptions.HTTPClientError) | family(botocore.exceptions.ConnectionError)
    ours = {kind for kind in network if kind.__module__ == "botocore.exceptions"}
    assert {kind.__name__ for kind in ours} == NOT_CONNECTED | ON_THE_WAY
    for kind in ours:
        failure = raised(kind)
        assert isinstance(failure, TransientFailure)
        assert isinstance(failure, OutcomeUnknown) == (kind.__name__ in ON_THE_WAY)
        assert str(failure) == kind.__name__


def test_other_failures_of_botocore_are_final_and_lose_their_text() -> None:
    failure = raised(botocore.exceptions.NoCredentialsError)
    assert not isinstance(failure, TransientFailure)
    assert str(failure) == "NoCredentialsError"


def test_an_endpoint_where_nobody_listens_may_be_there_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        dynamodb = client("dynamodb", region="us-east-1", endpoint=endpoint)
        with pytest.raises(TransientFailure), failures():
            dynamodb.list_tables()
