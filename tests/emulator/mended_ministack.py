"""MiniStack with seven things mended, so that what Terraform made of it can be asked and planned again.

    <Python with MiniStack> tests/emulator/mended_ministack.py

1. **Lost errors**: a direct resolver's exception becomes `errors[]` with its class name as `errorType`, as in AppSync.
2. **Alarm drift**: `DescribeAlarms` answers alarms with everything that was put, not with a few fields of it.
3. **Stream drift**: `DescribeDeliveryStream` answers a destination's time zone, which is UTC where none was said.
4. **Repeated requests**: a create whose answer was lost is answered again, and not refused as there already.
5. **Callers by IAM**: a request to AppSync that is signed reaches functions with the role that signed it, and no authorizer.
6. **Batches for SQS**: who may send a message may send ten in one request, for which AWS knows no right of its own.
7. **Backup drift**: `DescribeContinuousBackups` answers for how many days back a table can be restored.

It reaches into MiniStack's own functions, hence the exact version. Only the
standard library, MiniStack and `repeated_requests.py` are imported.
"""
# ruff: noqa: SLF001  there is no public way in

import json
import threading
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any
from xml.sax.saxutils import escape

TESTED = "1.5.33"


def mend() -> None:
    """Mend the MiniStack of this process. Raises `SystemExit` for another
    version than the one that was read."""
    if version("ministack") != TESTED:
        raise SystemExit(f"This mends MiniStack {TESTED}; here is {version('ministack')}.")
    _keep_errors(_service("appsync"), _service("lambda_svc"))
    _keep_alarms(_service("cloudwatch"))
    _keep_time_zones(_service("firehose"))
    _keep_recovery_periods(_service("dynamodb"))
    _know_callers(_service("appsync"), import_module("ministack.core.iam_evaluator"))
    _know_batches(import_module("ministack.core.iam_actions"))
    server: Any = import_module("ministack.app")
    server.app = import_module("repeated_requests").once(server.app)


def _service(name: str) -> Any:
    return import_module(f"ministack.services.{name}")


def _keep_errors(appsync: Any, lambda_svc: Any) -> None:
    run, resolve = lambda_svc._execute_function_with_config_scope, appsync._resolve_lambda
    seen = threading.local()

    def remember(record: Any, event: Any) -> Any:
        seen.result = run(record, event)
        return seen.result

    def raise_again(**call: Any) -> Any:
        seen.result = None
        answer = resolve(**call)
        if isinstance(seen.result, dict) and seen.result.get("error"):
            message = seen.result["body"]["errorMessage"]
            raise appsync._AppSyncResolverError(message, class_name(seen.result.get("log", ""), message))
        return answer

    lambda_svc._execute_function_with_config_scope = remember
    appsync._resolve_lambda = raise_again


def class_name(log: str, message: str) -> str:
    """The bare name of the class in a traceback's last line, which ends with the exception's text."""
    end = f": {message.splitlines()[0] if message else ''}"
    for line in reversed(log.splitlines()):
        if line.endswith(end):
            return line.removesuffix(end).rsplit(".", 1)[-1]
    return "Lambda:Unhandled"


def _keep_alarms(cloudwatch: Any) -> None:
    put: dict[str, Any] = {}
    stock = cloudwatch._describe_alarms

    def keep(write: Any) -> Any:
        def keep_and_write(params: Mapping[str, Any], *rest: Any) -> Any:
            put[cloudwatch._p(params, "AlarmName")] = nested(
                {name: cloudwatch._p(params, name) for name in params}
            )
            return write(params, *rest)

        return keep_and_write

    def describe(params: Mapping[str, Any], body: Any, *other_protocol: bool) -> Any:
        if any(other_protocol):  # CBOR and JSON answer everything
            return stock(params, body, *other_protocol)
        names = [cloudwatch._p(params, name) for name in params if name.startswith("AlarmNames.member.")]
        members = {
            kind: "".join(
                f"<member>{xml(put[name] | own(alarm))}</member>"
                for name, alarm in alarms.items()
                if name in put and (not names or name in names)
            )
            for kind, alarms in {
                "MetricAlarms": cloudwatch._alarms,
                "CompositeAlarms": cloudwatch._composite_alarms,
            }.items()
        }
        inner = "".join(f"<{kind}>{each}</{kind}>" for kind, each in members.items())
        return cloudwatch._xml(
            200, "DescribeAlarmsResponse", f"<DescribeAlarmsResult>{inner}</DescribeAlarmsResult>"
        )

    def own(alarm: Mapping[str, Any]) -> dict[str, Any]:
        return {name: str(alarm[name]) for name in ("AlarmArn", "StateValue", "StateReason")}

    cloudwatch._put_metric_alarm = keep(cloudwatch._put_metric_alarm)
    cloudwatch._put_composite_alarm = keep(cloudwatch._put_composite_alarm)
    cloudwatch._describe_alarms = describe


def nested(params: Mapping[str, str]) -> dict[str, Any]:
    """AWS's query protocol, unfolded: `{"A.member.1.B": "c"}` is `{"A": {"member.1": {"B": "c"}}}`.

    https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#collection-serialization
    """
    tree: dict[str, Any] = {}
    for name, value in params.items():
        if name in ("Action", "Version") or name.startswith("Tags."):
            continue
        *path, leaf = name.replace(".member.", "/member=").replace(".", "/").replace("=", ".").split("/")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[leaf] = value
    return tree


def xml(tree: Mapping[str, Any]) -> str:
    """`tree` as the same protocol answers it: the number of a member is its place."""
    parts = []
    for name, value in tree.items():
        tag = name.split(".")[0]
        parts.append(f"<{tag}>{xml(value) if isinstance(value, Mapping) else escape(value)}</{tag}>")
    return "".join(parts)


def _keep_time_zones(firehose: Any) -> None:
    describe = firehose._dest_description

    def with_time_zone(destination: Mapping[str, Any]) -> Any:
        description = describe(destination)
        if "ExtendedS3DestinationDescription" in description:
            zone = destination["config"].get("CustomTimeZone", "UTC")
            description["ExtendedS3DestinationDescription"].setdefault("CustomTimeZone", zone)
        return description

    firehose._dest_description = with_time_zone


def _keep_recovery_periods(dynamodb: Any) -> None:
    """It stores whether a table can be restored, and not for how many days back.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoveryDescription.html
    """
    update, describe = dynamodb._update_continuous_backups, dynamodb._describe_continuous_backups
    days = dynamodb.AccountRegionScopedDict()

    def keep(request: Mapping[str, Any]) -> Any:
        specification = request.get("PointInTimeRecoverySpecification", {})
        days[name_of(request)] = specification.get("RecoveryPeriodInDays", 35)
        return with_period(request, update(request))

    def with_period(request: Mapping[str, Any], answer: Any) -> Any:
        status, _, body = answer
        if status != 200:
            return answer
        told = json.loads(body)
        recovery = told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
            recovery["RecoveryPeriodInDays"] = days.get(name_of(request), 35)
        return dynamodb.json_response(told)

    def name_of(request: Mapping[str, Any]) -> Any:
        return dynamodb._normalize_table_name(request.get("TableName"))

    dynamodb._update_continuous_backups = keep
    dynamodb._describe_continuous_backups = lambda request: with_period(request, describe(request))


def _know_callers(appsync: Any, evaluator: Any) -> None:
    ask = appsync._invoke_lambda_authorizer

    def identify(api_id: str, config: Any, headers: Mapping[str, Any], **request: Any) -> Any:
        authorization = str(headers.get("authorization") or "")
        if not authorization.startswith("AWS4-HMAC-SHA256 Credential="):
            return ask(api_id, config, headers, **request)
        key = authorization.split("=", 1)[1].split("/", 1)[0]
        caller = evaluator.resolve_principal(key, appsync.get_account_id())
        names = ("AuthProvider", "AuthType", "Id", "PoolId")
        return {f"cognitoIdentity{name}": None for name in names} | {
            "accountId": caller.account,
            "sourceIp": ["127.0.0.1"],
            "userArn": caller.arn,
            "username": f"{key}:{caller.arn.rsplit('/', 1)[-1]}",
        }

    appsync._invoke_lambda_authorizer = identify


def _know_batches(actions: Any) -> None:
    extract = actions.extract_iam_action

    def of_one(service: str, *request: Any, **more: Any) -> Any:
        action = extract(service, *request, **more)
        return action.removesuffix("Batch") if service == "sqs" and action else action

    actions.extract_iam_action = of_one


if __name__ == "__main__":
    mend()
    import_module("ministack.app").main()
