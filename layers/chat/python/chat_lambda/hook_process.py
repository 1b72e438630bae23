"""The process in which a deployment's own rules run: imports their module, then answers a line of JSON for each line.

Started by `chat_lambda/hooks.py`, which says what may come and how long it may take. It ends with its function.
"""

import inspect
import json
import os
import signal
import socket
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from chat.hooks import Member, Person, Profile, Refuse, Room

ALONE_S = 10.0
"""How much longer than its budget a hook may run before the system ends its process. Whoever asks ends it at its budget: this
is for when they were killed, as a pattern that runs away in `re` looks at no socket."""
IMPORT_S = 60.0
"""The same of the module's import."""

MOST_CHARACTERS = 200_000
"""Of a text: more than any deployment stores."""

MOST_NAME = 2_000
"""Characters of a name or an address that a directory gives: what is longer is none."""

NAMES: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "before_text": {"kind": str, "text": str, "room": Room, "member": Member},
    "may_add": {"inviter": Member, "person": Person, "room": Room},
    "people": {"user_ids": tuple},
}
"""The hooks, and what each is given by name."""

Hook = Callable[..., object]


class BadModule(Exception):
    """The module cannot be used; the text is a sentence."""


def main(channel: int, name: str, budget_s: float) -> None:
    """Serve the module `name` on a socket that is there as file descriptor `channel`. `budget_s`: how long a hook may take."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that asks
    own = os.getpid()
    signal.setitimer(signal.ITIMER_REAL, IMPORT_S)
    with socket.socket(fileno=channel) as lines:
        reading = lines.makefile("rb")
        try:
            module = load(name)
            hooks = hooks_of(module, name)
        except BadModule as bad:
            _say(lines, {"bad": str(bad)})
            return
        _say(lines, {"hooks": sorted(hooks)})
        signal.setitimer(signal.ITIMER_REAL, 0)
        for line in reading:
            asked = json.loads(line)
            hook = hooks[asked["hook"]]
            signal.setitimer(signal.ITIMER_REAL, budget_s + ALONE_S)
            answers = [answer(module, hook, asked["hook"], each) for each in asked["questions"]]
            signal.setitimer(signal.ITIMER_REAL, 0)
            if os.getpid() != own:
                os._exit(0)  # a hook has forked, and this is what it made: the other one answers
            _say(lines, {"number": asked["number"], "answers": answers})


def _say(lines: socket.socket, what: object) -> None:
    lines.sendall(json.dumps(what).encode() + b"\n")


def load(name: str) -> ModuleType:
    """The module of this name, or `file:` and its path. Raises `BadModule`; why, goes to standard error as well."""
    try:
        return _of_file(Path(name.removeprefix("file:"))) if name.startswith("file:") else import_module(name)
    except BadModule:
        raise
    except Exception as error:  # noqa: BLE001  the module's own, whatever it is
        traceback.print_exc()
        what = (
            f"there is no module {error.name}"
            if isinstance(error, ModuleNotFoundError)
            else type(error).__name__
        )
        raise BadModule(f"{name} cannot be imported: {what}") from None


def _of_file(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise BadModule(f"{path.name} is no Python file")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hooks_of(module: ModuleType, name: str) -> dict[str, Hook]:
    """The hooks that a module has. Raises `BadModule` for one that cannot be called."""
    found: dict[str, Hook] = {}
    for hook, parameters in NAMES.items():
        function = getattr(module, hook, None)
        if function is None:
            continue
        if not callable(function) or inspect.iscoroutinefunction(function):
            raise BadModule(f"{name}: {hook} is no plain function")
        try:
            inspect.signature(function).bind(**dict.fromkeys(parameters))
        except TypeError:
            raise BadModule(f"{name}: {hook} does not take {', '.join(parameters)} by name") from None
        found[hook] = function
    return found


def answer(module: ModuleType, hook: Hook, name: str, question: Mapping[str, Any]) -> dict[str, Any]:
    """What the hook says to one question: see `chat/rules/hooks.py:Answer`."""
    given = {each: _made(NAMES[name][each], value) for each, value in question.items()}
    try:
        said = hook(**given)
    except Refuse as refusal:
        said = refusal
    except Exception as error:  # noqa: BLE001  the hook's own: neither its text nor what it was given leaves
        return _failed(type(error).__name__, _where(error.__traceback__, module))
    if isinstance(said, Refuse) and name != "people":
        return {"refused": {"code": said.code, "sentences": dict(said.sentences) or None}}
    if (said is None and name != "people") or (said is True and name == "may_add"):
        return {}
    if said is False and name == "may_add":
        return {"refused": {"code": "refused", "sentences": None}}
    if name == "before_text" and type(said) is str:
        return {"text": said} if len(said) <= MOST_CHARACTERS else _failed("TextTooLong")
    if name == "people":
        return _people(said, given["user_ids"])
    return _failed(f"Returned{type(said).__name__.title()}")


def _people(said: object, user_ids: Sequence[str]) -> dict[str, Any]:
    """What a directory knows of those it was asked about: a name, or a `Profile`; `None` is nothing."""
    if not isinstance(said, Mapping):
        return _failed(f"Returned{type(said).__name__.title()}")
    found: dict[str, Any] = {}
    for user_id in user_ids:
        each = said.get(user_id)
        if isinstance(each, str):
            each = Profile(name=each)
        if isinstance(each, Profile):
            told = (each.name, each.avatar_url)
            if all(part is None or (type(part) is str and len(part) <= MOST_NAME) for part in told):
                found[user_id] = {"name": each.name, "avatar_url": each.avatar_url}
                continue
        if each is not None:
            return _failed("BadProfile")
    return {"people": found}


def _made(kind: Callable[..., Any], value: Any) -> Any:
    if kind is str or value is None:
        return value
    if kind is tuple:
        return tuple(value)
    if "roles" in value:
        value = {**value, "roles": frozenset(value["roles"])}
    return kind(**value)


def _failed(error: str, at: str = "unknown") -> dict[str, Any]:
    return {"failed": {"error": error, "at": at}}


def _where(trace: TracebackType | None, module: ModuleType) -> str:
    """`file:line` of the innermost frame in the module, else of the innermost."""
    frames = list(traceback.walk_tb(trace))[1:] or list(traceback.walk_tb(trace))
    own = [each for each in frames if each[0].f_code.co_filename == module.__file__]
    frame, line = (own or frames)[-1]
    return f"{Path(frame.f_code.co_filename).name}:{line}"
