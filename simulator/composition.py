"""What the functions stand on, locally: a DynamoDB with the demo data, secrets in files, and their environment."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from simulator import demo
from simulator.engine import EngineFailed, answers, embedded
from simulator.keys import local_secrets
from simulator.settings import Settings, become, functions_environment


@contextmanager
def composed(settings: Settings, jwks: Mapping[str, str]) -> Iterator[None]:
    """Everything that the functions need, for as long as the block lasts. `jwks`: see `functions_environment`."""
    with _dynamodb(settings) as endpoint:
        objects = _objects(settings, endpoint)
        environment = functions_environment(
            endpoint=endpoint,
            secrets=local_secrets(settings.secrets),
            jwks=jwks,
            log_level=settings.log_level,
            objects=objects,
        )
        become(environment)
        demo.seed(endpoint)
        if objects:
            demo.make_bucket(objects)
        yield


def _objects(settings: Settings, endpoint: str) -> str | None:
    """Where attachments lie: in MiniStack, where it is the engine, else where S3_ENDPOINT says; else there are none."""
    if settings.s3_endpoint is not None:
        return str(settings.s3_endpoint).rstrip("/")
    return endpoint if settings.engine == "ministack" and settings.dynamodb_endpoint is None else None


@contextmanager
def _dynamodb(settings: Settings) -> Iterator[str]:
    if settings.dynamodb_endpoint is not None:
        endpoint = str(settings.dynamodb_endpoint).rstrip("/")
        if not answers(endpoint):
            raise EngineFailed(f"DYNAMODB_ENDPOINT: no DynamoDB answers at {endpoint}.")
        yield endpoint
        return
    if settings.engine == "dynamodb-local":
        print(
            "DynamoDB Local listens on every network interface, and has no option for less.", file=sys.stderr
        )
    with embedded(settings.engine, settings.state) as endpoint:
        yield endpoint
