"""Make a Lambda handler of a call: what a function does before and after it, whether AppSync or a service
calls."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chat.identity.authorized import by_our_authorizer, is_of_an_authorizer
from chat.rules.audit import is_audited
from chat.rules.catalogue import DEFAULT_LOCALE, choose_locale
from chat.rules.errors import ChatError, IdentityRefused, InternalError, ServiceUnavailable, raised_at
from chat.rules.models import Caller
from chat.rules.record import record
from chat.rules.rooms import GUILD_PREFIX, Room
from chat.rules.tally import Tally
from chat.rules.trace import trace_id
from chat_lambda.init import finished, in_lambda
from chat_lambda.settings import settings
from chat_lambda.telemetry import actor, audit, audit_key, logger, publish_metrics
from chat_lambda.xray import begin, subsegments

if TYPE_CHECKING:
    from chat_lambda.flags import Switches

Event = dict[str, Any]
Handler = Callable[[Event, Any], Any]
Identify = Callable[[Event], Caller]
"""Gives who calls. Raises `IdentityRefused`."""

CORRELATION_ID = re.compile(r"[A-Za-z0-9=;:_.-]{1,256}")
"""As X-Ray writes trace ids. AppSync passes on what the client sent, and a refusal quotes it among its
values."""

NOBODY = Caller(user_id="")

OFF = "SwitchedOff"
OUR_FAULTS = (InternalError.__name__, ServiceUnavailable.__name__)
WAITED_FOR, BACKGROUND = "DurationMs", "BackgroundMs"
"""The metrics of how long a call took: of those that somebody waits for, and of the others."""


@record(frozen=True, slots=True)
class Call:
    """One invocation. `name` is what is called: `Mutation.sendMessage`, or a service's function.

    `trace_id`: of the trace that the caller says this is a part of, else of X-Ray's.
    `caller` has no id where a service calls and not a person, and where `refusal` says that it is nobody.
    """

    name: str
    caller: Caller
    arguments: Mapping[str, Any]
    info: Mapping[str, Any]
    locale: str
    correlation_id: str
    tally: Tally = field(default_factory=Tally)
    refusal: IdentityRefused | None = None
    trace_id: str | None = None

    @property
    def kept_trace_id(self) -> str | None:
        """`trace_id`, where the deployment stores it with what a call makes of a message."""
        return self.trace_id if settings().trace_messages else None

    @classmethod
    def by_appsync(cls, event: Event, context: Any, who: Identify) -> "Call":
        """Raises `AttributeError`, `KeyError` or `TypeError` for what is no event of AppSync, and `BadSettings`.

        https://docs.aws.amazon.com/appsync/latest/devguide/direct-lambda-reference.html
        """
        arguments, info, headers = event.get("arguments") or {}, event.get("info") or {}, _headers(event)
        if not (isinstance(arguments, dict) and isinstance(info, dict)):
            raise TypeError("not an event of a direct resolver")
        caller, refusal = NOBODY, None
        try:
            caller = who(event)
        except IdentityRefused as refused:
            refusal = refused
        return cls(
            name=f"{info.get('parentTypeName')}.{info.get('fieldName')}",
            caller=caller,
            arguments=arguments,
            info=info,
            locale=choose_locale(caller.locale, headers.get("accept-language")),
            correlation_id=correlation_id(headers.get("x-amzn-trace-id"), context),
            refusal=refusal,
            trace_id=trace_id(headers.get("traceparent"), headers.get("x-amzn-trace-id")),
        )

    @classmethod
    def by_service(cls, name: str, event: Event, context: Any) -> "Call":
        """Whoever may invoke the function has been let in by IAM. Raises `TypeError` for an event that is no
        object."""
        if not isinstance(event, dict):
            raise TypeError("not an event of a service")
        return cls(
            name=name,
            caller=NOBODY,
            arguments=event,
            info={},
            locale=DEFAULT_LOCALE,
            correlation_id=correlation_id(None, context),
        )

    def admitted(self) -> "Call":
        """The call, whose caller is somebody. Raises `IdentityRefused`."""
        if self.refusal:
            raise self.refusal
        return self


def trace_of(event: object) -> str | None:
    """The id of the trace that an authorizer's event is a part of, by its request's headers; the event may be anything."""
    headers = event.get("requestHeaders") if isinstance(event, Mapping) else None
    if not isinstance(headers, Mapping):
        return None
    named = {str(name).lower(): value for name, value in headers.items()}
    return trace_id(named.get("traceparent"), named.get("x-amzn-trace-id"))


def correlation_id(trace: object, context: Any) -> str:
    """AppSync's trace id, else the invocation's id."""
    if isinstance(trace, str) and CORRELATION_ID.fullmatch(trace):
        return trace
    return str(context.aws_request_id)


def people(event: Event) -> Caller:
    """Who calls, of those whom most fields know: the setting IDENTITY names them. Raises `IdentityRefused`, and
    `KeyError` or `TypeError` for what is no event of AppSync."""
    identity, sources = event["identity"], settings().identity
    if sources is None and is_of_an_authorizer(identity):
        return by_our_authorizer(identity["resolverContext"])
    # Only here: where our authorizer alone lets people in, a function spares the import.
    from chat.identity.identify import identify  # noqa: PLC0415
    from chat.identity.models import Sources  # noqa: PLC0415

    return identify(event, sources or Sources.ours())


def publisher(event: Event) -> Caller:
    """The same for `publishMessage`, which knows the stream's reader alone."""
    from chat.identity.identify import identify  # noqa: PLC0415  as above
    from chat.identity.models import Sources  # noqa: PLC0415

    return identify(event, Sources.publisher(settings().publisher_role))


def projector(event: Event) -> Caller:
    """The same for `publishMine`, which knows the function that derives things alone; nobody where the deployment publishes
    what senders select."""
    from chat.identity.identify import identify  # noqa: PLC0415  as above
    from chat.identity.models import Sources  # noqa: PLC0415

    own = settings()
    return identify(event, Sources.publisher(own.projector_role if own.publish == "stream" else None))


def switches() -> "Switches | None":
    """What is switched off, where the setting FLAGS says it."""
    if not settings().flags:
        return None
    # Only here: a function without flags spares the import.
    from chat_lambda.flags import of_this_process  # noqa: PLC0415

    return of_this_process()


def resolver(
    *parts: Callable[[], object],
    audited: bool = False,
    who: Identify = people,
    switched: Callable[[], "Switches | None"] = switches,
) -> Callable[[Callable[[Call], Any]], Handler]:
    """A handler for a field's call. `parts` are made during init in Lambda, and at the first call elsewhere.

    The call's refusals are raised bare in the caller's language, since their class name and text are all that
    AppSync passes on. Anything else becomes `InternalError`: its text stays inside, as it may hold what a
    person wrote. `audited`: that it was done is an audit event too, with who did it to whom or to which
    message. `who`: who calls, of those who may. `switched`: what is switched off.
    """

    def decorate(answer: Callable[[Call], Any]) -> Handler:
        read = partial(_field_call, _field(answer.__module__), who)

        def answered(call: Call) -> Any:
            if off := switched():
                off.check(call.name, call.tally)
            return answer(call)

        return _handler(read, (switched, *parts), audited=audited)(answered)

    return decorate


def _field(module: str) -> str:
    """The field that a handler's module is named after: `sendMessage` of `resolvers.send_message`."""
    first, *others = module.rpartition(".")[2].split("_")
    return first + "".join(map(str.title, others))


def _field_call(name: str, who: Identify, event: Event, context: Any) -> Call:
    """AppSync's call under the field's own name: another team's API may call it `chatSendMessage`, and logs and
    audit events speak of one thing under one name."""
    call = Call.by_appsync(event, context, who)
    return replace(call, name=f"{call.name.partition('.')[0]}.{name}")


def service(
    name: str, *parts: Callable[[], object], background: bool = False
) -> Callable[[Callable[[Call], Any]], Handler]:
    """A handler for the call of a service that invokes our function itself. Otherwise as `resolver`, and
    audited. `background`: a schedule calls, so nobody did it, and nobody waits for it: its duration is not
    among those of calls."""
    read = partial(Call.by_service, name)
    return _handler(read, parts, audited=not background, duration=BACKGROUND if background else WAITED_FOR)


def _handler(
    read: Callable[[Event, Any], Call],
    parts: Sequence[Callable[[], object]],
    *,
    audited: bool,
    duration: str = WAITED_FOR,
) -> Callable[[Callable[[Call], Any]], Handler]:
    def decorate(answer: Callable[[Call], Any]) -> Handler:
        if in_lambda():
            logger()
            audit_key()
            for part in parts:
                part()
            finished()

        def measure(call: Call, started: float) -> None:
            call.tally.add(duration, (time.perf_counter() - started) * 1_000)

        def handler(event: Event, context: Any) -> Any:
            started = time.perf_counter()
            begin()
            try:
                call = read(event, context)
            except Exception as error:  # noqa: BLE001  the program's edge: nothing of it may leave
                raise unexpected(error, correlation_id(None, context)) from None
            try:
                result = answer(call.admitted())
            except ChatError as refusal:
                measure(call, started)
                _report(call, context, refusal)
                raise refusal.in_language(call.locale) from None
            except Exception as error:  # noqa: BLE001  the program's edge: nothing of it may leave
                internal = unexpected(error, call.correlation_id, call.trace_id)
                measure(call, started)
                _report(call, context, internal)
                raise internal.in_language(call.locale) from None
            measure(call, started)
            _report(call, context, None, done=result if audited else None)
            return result

        return handler

    return decorate


def _headers(event: Event) -> Mapping[str, Any]:
    headers = (event.get("request") or {}).get("headers") or {}
    return {str(name).lower(): value for name, value in headers.items() if isinstance(value, str)}


def unexpected(error: Exception, correlation: str, trace: str | None = None) -> InternalError:
    """What leaves a function in place of `error`, which is logged by its class and place: its text may hold
    inputs."""
    logger().error(
        "Unexpected failure",
        extra={
            "error": type(error).__name__,
            "at": raised_at(error),
            "correlation_id": correlation,
            "trace_id": trace,
        },
    )
    return InternalError(correlation)


def _report(call: Call, context: Any, refusal: ChatError | None, *, done: Any = None) -> None:
    """One log line, the metrics, and the audit event if the refusal is a decision about a person.

    `done`: the answer of something that is audited when it is done as well.
    """
    outcome = _outcome(refusal)
    if refusal:
        call.tally.add(outcome)
        if refusal.values.get("reason") == "clock":
            call.tally.add("ClockInDoubt")
    fields: dict[str, Any] = {
        "field": call.name,
        "actor": _actor(call),
        "room": _room(call.arguments, done or {}),
        "correlation_id": call.correlation_id,
    }
    if isinstance(refusal, IdentityRefused):
        call.tally.add(refusal.metric)
        fields |= {f"identity_{name}": value for name, value in refusal.values.items()}
    if refusal and is_audited(refusal) and outcome != OFF:
        audit(action=call.name, outcome="refused", reason=outcome, fields=fields)
    if done:
        fields_done = {**fields, **_object(call.arguments), **_people(done)}
        audit(action=call.name, outcome="done", reason=outcome, fields=fields_done)
    numbers = {name: round(number, 3) for name, number in call.tally.items()}
    logger().info("Answered", extra={**fields, "trace_id": call.trace_id, "outcome": outcome, **numbers})
    publish_metrics(context.function_name, numbers)
    if traced := subsegments():
        is_fault = outcome in OUR_FAULTS
        about = {"field": call.name, "room": fields["room"], "outcome": outcome, "trace_id": call.trace_id}
        traced.end(call.name, is_fault=is_fault, **about)


def _outcome(refusal: ChatError | None) -> str:
    """As logs and metrics have it. What an operator has switched off is neither our fault nor about the person."""
    if refusal is None:
        return "ok"
    return OFF if refusal.values.get("reason") == "switchedOff" else refusal.code


def _actor(call: Call) -> str:
    """Who did it: a pseudonym, or what is not a person."""
    if call.refusal:
        return "nobody"
    return actor(call.caller.user_id) if call.caller.user_id else "service"


def _object(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """To whom or to which message something was done, and as what. What passed the verb's own checks is an id
    or a word."""
    found: dict[str, Any] = {}
    if isinstance(user_id := arguments.get("userId"), str):
        found["target"] = actor(user_id)
    if people := arguments.get("members"):
        found["targets"] = [actor(each) for each in people]
    names = {
        "id": "message_id", "role": "role", "until": "until", "visibility": "visibility", "historyFrom": "history_from",
    }  # fmt: skip
    return found | {
        name: arguments[argument] for argument, name in names.items() if arguments.get(argument) is not None
    }


def _people(done: Mapping[str, Any]) -> dict[str, list[str]]:
    """Whom a service took in and out."""
    lists = {name: done.get(name) for name in ("added", "removed")}
    return {name: [actor(each) for each in people] for name, people in lists.items() if people}


def _room(arguments: Mapping[str, Any], done: Mapping[str, Any]) -> str | None:
    """The room, if that is what it is: where an id should stand people paste anything."""
    room_id = arguments.get("roomId") or done.get("roomId")
    if room_id is None and isinstance(guild_id := arguments.get("guildId"), str):
        room_id = GUILD_PREFIX + guild_id
    try:
        return Room.parse(room_id).id
    except ChatError:
        return None
