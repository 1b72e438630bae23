"""What the authorizer's answer means."""

from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from simulator.authorizer import Authorizer, Grant
from simulator.functions import Functions
from simulator.refusals import RequestRefused


def answering(answer: Any) -> Authorizer:
    return Authorizer(Functions({"authorizer": lambda _event, _context: answer}, workers=1))


async def test_a_grant_carries_context_and_denied_fields_of_either_spelling() -> None:
    denied = ["Query.a", "arn:aws:appsync:r:1:apis/x/types/Mutation/fields/b"]
    answer = {
        "isAuthorized": True,
        "resolverContext": {"userId": "a"},
        "deniedFields": denied,
        "ttlOverride": 3,
    }
    assert await answering(answer).judge("t", {}) == Grant.by_authorizer(
        {"userId": "a"}, frozenset({"Query.a", "Mutation.b"})
    )


@pytest.mark.parametrize("answer", [None, {}, [], {"isAuthorized": False}, {"isAuthorized": "true"}])
async def test_anything_but_a_yes_is_a_401(answer: Any) -> None:
    with pytest.raises(RequestRefused) as refused:
        await answering(answer).judge("t", {})
    assert (refused.value.status, refused.value.error_type) == (401, "UnauthorizedException")


@pytest.mark.parametrize("context", [{"a": 1}, {"a": {}}, {"a": None}, ["a"], "a"])
async def test_a_context_that_is_not_flat_text_is_a_failure(context: Any) -> None:
    with pytest.raises(RequestRefused) as refused:
        await answering({"isAuthorized": True, "resolverContext": context}).judge("t", {})
    assert (refused.value.status, refused.value.error_type) == (500, "AuthorizerFailureException")


async def test_without_a_token_the_authorizer_is_not_called() -> None:
    with pytest.raises(RequestRefused) as refused:
        await Authorizer(Functions({}, workers=1)).judge(None, {})
    assert refused.value.status == 401


def _answer(answer: Any, _event: Any, _context: Any) -> Any:
    return answer


async def test_a_token_that_is_refused_is_handed_on_and_no_other() -> None:
    refused: list[str] = []
    for answer in ({"isAuthorized": False}, {"isAuthorized": True}, None):
        functions = Functions({"authorizer": partial(_answer, answer)}, workers=1)
        with suppress(RequestRefused):
            await Authorizer(functions, refused.append).judge(f"token {answer}", {})
    assert refused == ["token {'isAuthorized': False}"]
