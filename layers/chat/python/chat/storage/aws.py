"""The one module that knows botocore: clients, and what their failures mean.

Retries are ours (`retry.py`), since a chat message must be stamped anew and an SDK repeats the same bytes.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.handlers import BUILTIN_HANDLERS
from botocore.httpsession import URLLib3Session

from chat.storage.clock import StoreClock

Watch = Callable[[str, str, float, int | None], object]
"""Is told of each request that has ended: service, operation, when it began (epoch seconds), and the HTTP status; `None`
where no answer came."""

OWN_DATA = Path(__file__).parent / "botocore_data"

TRANSIENT_CODES = frozenset(
    {
        "InternalServerError",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ThrottledException",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Codes after which the same request may succeed: of whole requests, and of one item in a cancelled
transaction. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"""


class StoreFailure(Exception):
    """A call failed in a way that trying again does not mend. Holds the code alone: texts of AWS may carry
    inputs."""


class TransientFailure(StoreFailure):
    """A call failed without effect, and may be tried again."""


class OutcomeUnknown(TransientFailure):
    """A call failed on its way or inside the service: it may have taken effect, or may yet."""


class Cancelled(StoreFailure):
    """A transaction was refused. `reasons` has one `(code, item)` for each of its actions; `item` as it
    stands now."""

    def __init__(self, reasons: list[tuple[str, dict[str, Any] | None]]) -> None:
        super().__init__("TransactionCanceledException")
        self.reasons = reasons


class ConditionFailed(StoreFailure):
    """A single write was refused by its condition; `item` is what stood there, `None` when nothing did."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("ConditionalCheckFailedException")
        self.item = item


def client(
    service: str,
    *,
    region: str,
    endpoint: str | None = None,
    timeout: float = 1.0,
    connections: int = 10,
    lean: bool = False,
    clock: StoreClock | None = None,
    watch: Watch | None = None,
) -> Any:
    """A client of an AWS service with a connect and read timeout (seconds) and no retries of its own.

    `lean` looks into `botocore_data/` first and into botocore's own data for what is not there. It saves a
    fifth of a cold start and half of a page's reading, and has the operations of
    `lambda_package/botocore_data.py` alone. `clock` is told what each answer says of the time, `watch`
    of each request.
    """
    own: dict[str, Any] = {}
    if service == "s3":
        # Regional addresses, which no redirection follows, and no checksums in presigned ones.
        own = {
            "signature_version": "s3v4",
            "s3": {"addressing_style": "path" if endpoint else "virtual"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
    config = Config(
        connect_timeout=timeout,
        read_timeout=timeout,
        max_pool_connections=connections,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
        tcp_keepalive=True,
        user_agent=f"appsync-chat Botocore/{botocore.__version__}",  # a tenth of a request is spent on a longer one
        **own,
    )
    session = _lean_session(service) if lean else botocore.session.get_session()
    made = session.create_client(service, region_name=region, endpoint_url=endpoint, config=config)
    refuse_incomplete_answers(made)
    if clock is not None:
        _tell(clock, made)
    if watch is not None:
        _watch(made, service, watch)
    return made


def _watch(client: Any, service: str, watch: Watch) -> None:
    def began(context: dict[str, Any], **_: object) -> None:
        context["began"] = time.time()

    def ended(event_name: str, context: dict[str, Any], http_response: Any = None, **_: object) -> None:
        status = None if http_response is None else http_response.status_code
        watch(service, event_name.rpartition(".")[2], context["began"], status)

    client.meta.events.register("before-call", began)
    client.meta.events.register("after-call", ended)
    client.meta.events.register("after-call-error", ended)


def _lean_session(service: str) -> botocore.session.Session:
    """A session that looks into `OWN_DATA` first, and has those of botocore's handlers alone that may be called for
    `service`: the others, nearly all, are for single operations of other services, and for documentation."""
    session = botocore.session.Session(include_builtin_handlers=False)
    session.set_config_variable("data_path", str(OWN_DATA))
    for event, handler, *_ in BUILTIN_HANDLERS:
        if event.split(".")[1:2] in ([], [service]):
            session.register(event, handler)
    return session


class SignedPost:
    """Posts to one address of a service that botocore has no client for, such as an API of AppSync, signed with this
    process's credentials (Signature Version 4).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """

    def __init__(
        self, url: str, *, service: str, region: str, timeout: float = 2.0, profile: str | None = None
    ) -> None:
        """`profile`: one of the shared credentials file, in place of the process's own."""
        self._url, self._service, self._region = url, service, region
        session = _lean_session(service)
        if profile:
            session.set_config_variable("profile", profile)
        self._credentials: Any = session.get_credentials()
        own: dict[str, Any] = {
            "timeout": (timeout, timeout),
            "max_pool_connections": 32,
        }  # it takes a pair, too
        self._session = URLLib3Session(**own)

    def __call__(self, body: bytes, traceparent: str | None = None, /) -> tuple[int, bytes]:
        """The answer's status and body. `traceparent`: the header of this name. Raises `StoreFailure`; each connect and read takes up to `timeout` seconds."""
        with failures():
            headers = {"Content-Type": "application/json"}
            if traceparent:
                headers["traceparent"] = traceparent
            request = AWSRequest(method="POST", url=self._url, data=body, headers=headers)
            SigV4Auth(self._credentials, self._service, self._region).add_auth(request)
            answer = self._session.send(request.prepare())
            return answer.status_code, answer.content


def _tell(clock: StoreClock, client: Any) -> None:
    """Tell `clock` of each request and of its answer, whatever that says: a clock that is far off has all requests
    refused for their signatures."""
    events = client.meta.events
    events.register("request-created", lambda **_: clock.asked())
    events.register(
        "before-parse", lambda response_dict, **_: clock.answered(response_dict["headers"].get("date"))
    )


def refuse_incomplete_answers(client: Any) -> None:
    """Make a client of botocore or boto3 raise `ResponseStreamingError` for an answer that has not come whole.

    By itself it takes half an answer for an empty one: the connection's end for the body's, and no JSON for no
    items.
    """
    client.meta.events.register("before-parse", _refuse_incomplete)


def _refuse_incomplete(response_dict: Mapping[str, Any], operation_model: Any, **_: object) -> None:
    length = response_dict["headers"].get("content-length")
    if (
        length is not None
        and not operation_model.has_streaming_output  # whose reader counts for itself
        and int(length) != len(response_dict["body"])
        and operation_model.http["method"] != "HEAD"
    ):
        raise botocore.exceptions.ResponseStreamingError(error="incomplete")


@contextmanager
def failures() -> Iterator[None]:
    """Turn every failure of botocore into one of ours, without its text."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        raise _failure(error.response) from None
    except botocore.exceptions.HTTPClientError as error:
        raise OutcomeUnknown(type(error).__name__) from None
    except botocore.exceptions.ConnectionError as error:  # no connection was made, so nothing took effect
        raise TransientFailure(type(error).__name__) from None
    except botocore.exceptions.BotoCoreError as error:
        raise StoreFailure(type(error).__name__) from None


def _failure(response: Mapping[str, Any]) -> StoreFailure:
    code = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "TransactionCanceledException":
        reasons = [
            (each.get("Code", "None"), each.get("Item")) for each in response.get("CancellationReasons", [])
        ]
        if any(name in TRANSIENT_CODES for name, _ in reasons) and not any(
            name == "ConditionalCheckFailed" for name, _ in reasons
        ):
            return TransientFailure("TransactionConflict")
        return Cancelled(reasons)
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(response.get("Item"))
    if status >= 500:
        return OutcomeUnknown(code)
    if code in TRANSIENT_CODES:
        return TransientFailure(code)
    return StoreFailure(code)
