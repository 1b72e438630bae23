"""How deep the schema goes, and that the deployment's limits let every query through that has a use."""

import re
from functools import cache

from graphql import GraphQLObjectType, get_named_type

from simulator.engine import PROJECT
from simulator.schema import appsync_schema

SCHEMA = appsync_schema((PROJECT / "resolvers" / "schema.graphql").read_text(encoding="utf-8"))
VARIABLES = (PROJECT / "terraform" / "variables_api.tf").read_text(encoding="utf-8")


@cache
def depth(type_name: str) -> int:
    """The longest way down from a type, counted in fields. A type that leads back to itself has none."""
    found = SCHEMA.get_type(type_name)
    if not isinstance(found, GraphQLObjectType):
        return 0
    return 1 + max(depth(get_named_type(field.type).name) for field in found.fields.values())


def limit(variable: str, what: str) -> int:
    """A number in the description of a variable of Terraform."""
    block = re.search(rf'variable "{variable}" \{{.*?\n\}}', VARIABLES, re.DOTALL)
    assert block
    number = re.search(what, block[0])
    assert number
    return int(number[1])


def test_the_depth_limit_is_as_deep_as_the_schema_goes() -> None:
    """A schema without circles needs no less, and a circle that is added one day stays bounded."""
    deepest = max(depth(root) for root in ("Query", "Mutation", "Subscription"))
    assert limit("query_depth_limit", r"default += (\d+)") == deepest


def test_the_least_depth_limit_lets_through_what_clients_cannot_do_without() -> None:
    """Notices stand alone: in a list of messages there are none, so nobody needs to look into them there."""
    least = limit("query_depth_limit", r"query_depth_limit >= (\d+)")
    assert least == max(
        depth_of_path("Query.sync.rooms.messages.attachments.id"),
        depth_of_path("Query.sync.rooms.room.me.role"),
        depth_of_path("Query.myRooms.items.lastMessage.attachments.id"),
        depth_of_path("Query.messages.items.attachments.id"),
        depth_of_path("Mutation.removeMember.notice.room.head.seq"),
    )


def depth_of_path(path: str) -> int:
    """How many fields a path has below its type; each must be there."""
    root, *names = path.split(".")
    kind = SCHEMA.get_type(root)
    for name in names:
        assert isinstance(kind, GraphQLObjectType)
        kind = get_named_type(kind.fields[name].type)
    return len(names)
