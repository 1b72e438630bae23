"""Which fields each mode may read, by the schema's directives."""

from typing import Any

import pytest

from simulator.auth.modes import Mode, Modes
from simulator.authorizer import Grant
from simulator.context import Call
from simulator.execution import Api, GraphqlRequest
from simulator.functions import Functions
from simulator.limits import Limits
from simulator.refusals import SubscriptionRefused

SDL = """
type Query {
  plain: Thing
  both: Thing @aws_lambda @aws_iam
  iam: Thing @aws_iam
  key: Thing @aws_api_key
  groups: Thing @aws_cognito_user_pools(cognito_groups: ["staff", "admins"]) @aws_lambda
  pool: Thing @aws_cognito_user_pools
  sole: Thing @aws_auth(cognito_groups: ["staff"])
}
type Mutation { write: Thing @aws_lambda @aws_iam service: Thing @aws_iam }
type Subscription {
  written: Thing @aws_subscribe(mutations: ["write"]) @aws_lambda
  served: Thing @aws_subscribe(mutations: ["service"]) @aws_iam
  plainly: Thing @aws_subscribe(mutations: ["write"])
}
type Thing @aws_lambda @aws_iam @aws_cognito_user_pools {
  open: String
  inner: Inner
  secret: String @aws_iam
  sure: String! @aws_iam
}
type Inner { deep: String }
"""
THING = {"open": "o", "secret": "s", "sure": "!", "inner": {"deep": "d"}}
FIELDS = ("plain", "both", "iam", "key", "groups", "pool", "sole")


class Marked:
    """An API with these modes, each of whose functions answers a thing and keeps that it was called."""

    def __init__(self, *modes: Mode, sdl: str = SDL) -> None:
        self.called: list[str] = []
        names = [f"Query.{name}" for name in FIELDS] + ["Mutation.write", "Mutation.service"]
        functions = Functions({name: self._function(name) for name in names}, workers=1)
        self.api = Api(sdl, functions, Limits(), modes=modes)

    def _function(self, name: str) -> Any:
        def answer(_event: Any, _context: Any) -> Any:
            self.called.append(name)
            return THING

        return answer

    def call(self, mode: Mode, groups: list[str] | None = None) -> Call:
        identity: dict[str, Any] = {"groups": groups} if mode is Mode.COGNITO else {}
        return Call({}, Grant(identity, mode), {})

    async def ask(self, mode: Mode, query: str, groups: list[str] | None = None) -> Any:
        return await self.api.execute(GraphqlRequest(query, {}), self.call(mode, groups))

    async def readable(self, mode: Mode, groups: list[str] | None = None) -> set[str]:
        """The fields of Query that this mode may read; the others are null, and say so."""
        query = "{" + " ".join(f"{name} {{ __typename }}" for name in FIELDS) + "}"
        answer = await self.ask(mode, query, groups)
        refused = {error["path"][0]: error for error in answer.get("errors", [])}
        for name, error in refused.items():
            assert answer["data"][name] is None
            assert (error["errorType"], error["data"], error["errorInfo"]) == ("Unauthorized", None, None)
            assert error["message"] == f"Not Authorized to access {name} on type Query"
        called = {name.removeprefix("Query.") for name in self.called}
        assert called == {name for name in FIELDS if answer["data"][name]} == set(FIELDS) - set(refused)
        self.called.clear()
        return called


@pytest.mark.parametrize(
    ("modes", "mode", "groups", "expected"),
    [
        ((Mode.LAMBDA,), Mode.LAMBDA, None, {"plain", "both", "groups", "sole"}),
        ((Mode.LAMBDA, Mode.IAM), Mode.IAM, None, {"both", "iam"}),
        ((Mode.IAM, Mode.LAMBDA), Mode.IAM, None, {"plain", "both", "iam", "sole"}),
        ((Mode.IAM, Mode.LAMBDA), Mode.LAMBDA, None, {"both", "groups"}),
        ((Mode.LAMBDA, Mode.COGNITO), Mode.COGNITO, None, {"pool"}),
        ((Mode.LAMBDA, Mode.COGNITO), Mode.COGNITO, ["other"], {"pool"}),
        ((Mode.LAMBDA, Mode.COGNITO), Mode.COGNITO, ["x", "admins"], {"pool", "groups"}),
        ((Mode.COGNITO, Mode.LAMBDA), Mode.COGNITO, ["staff"], {"plain", "pool", "groups", "sole"}),
        ((Mode.COGNITO, Mode.LAMBDA), Mode.COGNITO, None, {"plain", "pool", "sole"}),
        ((Mode.COGNITO,), Mode.COGNITO, None, {"plain", "pool"}),
        ((Mode.COGNITO,), Mode.COGNITO, ["staff"], {"plain", "pool", "groups", "sole"}),
        ((Mode.OIDC,), Mode.OIDC, None, {"plain", "sole"}),
        ((Mode.LAMBDA, Mode.OIDC), Mode.OIDC, None, set()),
    ],
)
async def test_a_field_is_for_the_modes_that_it_is_marked_for_and_else_for_the_default(
    modes: Modes, mode: Mode, groups: list[str] | None, expected: set[str]
) -> None:
    assert await Marked(*modes).readable(mode, groups) == expected


async def test_a_types_fields_need_the_mode_as_well_and_may_have_another() -> None:
    api = Marked(Mode.LAMBDA, Mode.IAM)
    query = "{ both { open inner { deep } secret } }"
    by_lambda = await api.ask(Mode.LAMBDA, query)
    assert by_lambda["data"] == {"both": {"open": "o", "inner": {"deep": "d"}, "secret": None}}
    assert [each["message"] for each in by_lambda["errors"]] == [
        "Not Authorized to access secret on type Thing"
    ]
    by_iam = await api.ask(Mode.IAM, query)
    assert by_iam["data"] == {"both": {"open": "o", "inner": {"deep": None}, "secret": "s"}}
    assert [each["path"] for each in by_iam["errors"]] == [["both", "inner", "deep"]]


async def test_a_field_that_cannot_be_null_takes_its_parent_with_it() -> None:
    answer = await Marked(Mode.LAMBDA, Mode.IAM).ask(Mode.LAMBDA, "{ both { open sure } }")
    assert answer["data"] == {"both": None}
    assert answer["errors"][0]["errorType"] == "Unauthorized"


async def test_what_the_schema_says_of_itself_is_for_everybody() -> None:
    answer = await Marked(Mode.LAMBDA, Mode.IAM).ask(
        Mode.IAM, "{ __typename __schema { queryType { name } } }"
    )
    assert answer == {"data": {"__typename": "Query", "__schema": {"queryType": {"name": "Query"}}}}


@pytest.mark.parametrize(
    ("mode", "expected"), [(Mode.LAMBDA, {"written", "plainly"}), (Mode.IAM, {"served"})]
)
async def test_a_subscription_is_judged_at_its_start(mode: Mode, expected: set[str]) -> None:
    api = Marked(Mode.LAMBDA, Mode.IAM)
    for name in ("written", "served", "plainly"):
        request = GraphqlRequest(f"subscription {{ {name} {{ open }} }}", {})
        if name in expected:
            assert (await api.api.subscribe(request, api.call(mode))).field == name
            continue
        with pytest.raises(SubscriptionRefused) as refused:
            await api.api.subscribe(request, api.call(mode))
        message = f"Not Authorized to access {name} on type Subscription"
        assert refused.value.errors == [{"errorType": "Unauthorized", "message": message}]


async def test_subscribers_get_what_the_publisher_may_read() -> None:
    api, heard = Marked(Mode.LAMBDA, Mode.IAM), list[bytes]()
    request = GraphqlRequest("subscription { written { open inner { deep } } }", {})
    api.api.subscriptions.add(await api.api.subscribe(request, api.call(Mode.LAMBDA)), heard.append)
    await api.ask(Mode.IAM, "mutation { write { open inner { deep } } }")
    assert heard == [b'{"data":{"written":{"open":"o","inner":{"deep":null}}}}']
    await api.ask(Mode.LAMBDA, "mutation { service { open } }")
    assert api.called == ["Mutation.write"]


async def test_what_an_authorizer_denies_is_denied_beside_what_the_schema_does() -> None:
    api = Marked(Mode.LAMBDA, Mode.IAM)
    call = Call({}, Grant({}, Mode.LAMBDA, frozenset({"Query.both"})), {})
    answer = await api.api.execute(GraphqlRequest("{ both { open } iam { open } plain { open } }", {}), call)
    assert answer["data"] == {"both": None, "iam": None, "plain": {"open": "o"}}
