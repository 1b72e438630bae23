"""What AppSync adds to GraphQL's schema language: scalars and directives. And whether a text is a schema with
them."""

import re
from contextlib import suppress

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    GraphQLError,
    ScalarTypeDefinitionNode,
    build_ast_schema,
    parse,
    validate_schema,
)
from graphql.validation.validate import validate_sdl

from schema.request import SchemaRefused

SCALARS = (
    "AWSDate",
    "AWSDateTime",
    "AWSEmail",
    "AWSIPAddress",
    "AWSJSON",
    "AWSPhone",
    "AWSTime",
    "AWSTimestamp",
    "AWSURL",
)
"""https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html"""

DIRECTIVES = """
directive @aws_subscribe(mutations: [String!]!) on FIELD_DEFINITION
directive @aws_publish(subscriptions: [String!]) on FIELD_DEFINITION
directive @aws_auth(cognito_groups: [String!]!) on FIELD_DEFINITION
directive @aws_cognito_user_pools(cognito_groups: [String!]) on OBJECT | FIELD_DEFINITION
directive @aws_api_key on OBJECT | FIELD_DEFINITION
directive @aws_iam on OBJECT | FIELD_DEFINITION
directive @aws_oidc on OBJECT | FIELD_DEFINITION
directive @aws_lambda on OBJECT | FIELD_DEFINITION
"""
"""https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html"""

MERGING = """
directive @canonical on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR | FIELD_DEFINITION
directive @hidden on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR | FIELD_DEFINITION
directive @renamed(to: String!) on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR | FIELD_DEFINITION
"""
"""What a source API of a merged API may use:
https://docs.aws.amazon.com/appsync/latest/devguide/merged-api.html#merged-api-schema-directives"""

AUTHORIZING = {"aws_api_key", "aws_auth", "aws_cognito_user_pools", "aws_iam", "aws_lambda", "aws_oidc"}
"""The directives that say which modes may read a type or a field."""


_IMPLEMENTS = re.compile(r"\bimplements\b[^{@]*")
"""AppSync takes `implements A, B` as well, and has given out schemas with it. Only read like this, and as long as
before: a document's offsets are those of the text."""


def read(sdl: str, what: str) -> DocumentNode:
    """The text as a document. Raises `SchemaRefused`, which names `what` it is and where it is none."""
    try:
        return parse(sdl)
    except GraphQLError as error:
        with suppress(GraphQLError):
            return parse(_IMPLEMENTS.sub(lambda match: match[0].replace(",", "&"), sdl))
        raise SchemaRefused(f"{what}: {_sentence(error)}") from None


def check(document: DocumentNode, what: str) -> None:
    """Raises `SchemaRefused` unless the document is a schema with AppSync's scalars and directives. It may
    declare them itself, as files do that a linter reads."""
    added = parse("\n".join([*(f"scalar {name}" for name in SCALARS), DIRECTIVES, MERGING]))
    declared = {(node.kind, node.name.value) for node in document.definitions if isinstance(node, _Declaring)}
    missing = [
        node
        for node in added.definitions
        if isinstance(node, _Declaring) and (node.kind, node.name.value) not in declared
    ]
    whole = DocumentNode(definitions=(*missing, *document.definitions))
    errors = validate_sdl(whole) or validate_schema(build_ast_schema(whole, assume_valid_sdl=True))
    if errors:
        raise SchemaRefused(f"{what}: {_sentence(errors[0])}")


_Declaring = (ScalarTypeDefinitionNode, DirectiveDefinitionNode)


def _sentence(error: GraphQLError) -> str:
    place = f"line {error.locations[0].line}: " if error.locations else ""
    return place + " ".join(error.message.split())
