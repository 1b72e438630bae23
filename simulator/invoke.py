"""Runs the function that an event is for, as Lambda would, and gives its answer."""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from simulator.composition import composed
from simulator.functions import FunctionError, functions_from_wiring
from simulator.keys import signing_key
from simulator.placeholders import filled
from simulator.settings import WIRING, BadSettings, Settings


def main(settings: Settings, answers: TextIO) -> int:
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    key = signing_key(settings.keys)
    path = settings.event or Path()
    event = filled(read_event(path), key, now=int(time.time()))
    name = function_for(event, wiring, path.stem.partition(".")[0])
    with composed(settings, {"JWT_JWKS": key.jwks.decode()}):
        answer, succeeded = invoke(name, event, wiring)
    print(json.dumps(answer, indent=2, ensure_ascii=False), file=answers)
    return 0 if succeeded else 1


def read_event(path: Path) -> dict[str, Any]:
    """The event in a file. Raises BadSettings with one line that says what is wrong with it."""
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"EVENT: {path}: {error.strerror}") from None
    except ValueError as error:
        raise BadSettings(f"EVENT: {path} is not JSON: {error}") from None
    if not isinstance(event, dict):
        raise BadSettings(f"EVENT: {path} does not hold a JSON object")
    return event


def function_for(event: Mapping[str, Any], wiring: Mapping[str, Any], file: str) -> str:
    """The name of the function that AppSync would call with `event`, or of the service's that its file is named after.

    Raises BadSettings.
    """
    if "authorizationToken" in event:
        return "authorizer"
    if file in wiring["services"]:
        return file
    info = event.get("info")
    field = f"{info.get('parentTypeName')}.{info.get('fieldName')}" if isinstance(info, dict) else None
    if field not in wiring["fields"]:
        known = ", ".join(wiring["fields"])
        raise BadSettings(
            f"EVENT: info.parentTypeName and info.fieldName name none of {known}; nor is it an authorizer's"
        )
    return str(field)


def invoke(name: str, event: Mapping[str, Any], wiring: Mapping[str, Any]) -> tuple[Any, bool]:
    """The answer and True; or, of a function that raised, {"errorType", "errorMessage"} and False."""
    functions = functions_from_wiring(wiring)
    try:
        return asyncio.run(functions.invoke(name, event)), True
    except FunctionError as error:
        return {"errorType": error.error_type, "errorMessage": error.message}, False
    finally:
        functions.close()
