"""Lambda's init phase, in which a function prepares what its first call would wait for.

A function imports this module first: nothing of what init makes is garbage, and looking for garbage among it
takes a tenth of init. `finished` lets the collector look again, at what the calls make.
"""

import gc
import os


def in_lambda() -> bool:
    """Whether this process is a Lambda function. Elsewhere parts are made at the first call."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def xray_daemon() -> str | None:
    """Where X-Ray's daemon takes documents, as `host:port`: Lambda says it."""
    return os.environ.get("AWS_XRAY_DAEMON_ADDRESS")


def xray_header() -> str | None:
    """The trace header of the call under way, which Lambda's runtime says anew before each.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    return os.environ.get("_X_AMZN_TRACE_ID")


def finished() -> None:
    """End the init phase: what is there stays, and is not looked at again."""
    gc.freeze()
    gc.enable()


if in_lambda():
    gc.disable()
