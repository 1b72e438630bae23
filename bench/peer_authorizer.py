"""The authorizer, written the usual way: PyJWT over a key set that boto3 reads from Secrets Manager."""

import json
import os
from functools import cache
from typing import Any

import boto3
import jwt
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(service="chat")
metrics = Metrics(namespace="Chat", service="chat")
secrets = boto3.client("secretsmanager", region_name=os.environ["AWS_REGION"])


@cache
def keys() -> jwt.PyJWKSet:
    secret = secrets.get_secret_value(SecretId=os.environ["JWKS_SECRET"])
    return jwt.PyJWKSet.from_dict(json.loads(secret["SecretString"]))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    token = event["authorizationToken"].removeprefix("Bearer ")
    try:
        key = keys()[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            issuer=os.environ["JWT_ISSUER"],
            audience=os.environ["JWT_AUDIENCE"],
        )
    except (jwt.PyJWTError, KeyError):
        logger.warning("Token refused")
        return {"isAuthorized": False}
    metrics.add_metric(name="TokenAccepted", unit=MetricUnit.Count, value=1)
    return {"isAuthorized": True, "resolverContext": {"userId": claims["sub"]}, "ttlOverride": 300}
