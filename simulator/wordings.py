"""What AppSync says of a request that does not fit the schema: every kind and every text, in one table.

AppSync runs on a graphql-java of 2018: texts that its users have published (search for one of them) are, word for
word, those of graphql-java 9 (https://github.com/graphql-java/graphql-java/tree/v9.0), but for
`undefined_input_field`. So where nobody has published a text, the one of that version stands here. `evidence`
tells which is which.

Values are printed as Java prints them, never as Python does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    GraphQLType,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)


class Evidence(Enum):
    """Where a text comes from."""

    CAPTURED = "published by somebody who got it from AppSync"
    GRAPHQL_JAVA = "graphql-java 9's; nobody has published AppSync's"
    LATER_GRAPHQL_JAVA = (
        "of a later graphql-java, since 9 has no such rule; whether AppSync refuses is not known"
    )
    OURS = "of neither"


@dataclass(frozen=True, slots=True)
class Text:
    template: str
    evidence: Evidence


_CAPTURED, _JAVA = Evidence.CAPTURED, Evidence.GRAPHQL_JAVA
_LATER, _OURS = Evidence.LATER_GRAPHQL_JAVA, Evidence.OURS

VALIDATION: Mapping[str, tuple[Text, ...]] = {
    "WrongType": (
        Text("argument '{place}' with value '{value}' is not a valid '{type}'", _CAPTURED),
        Text("argument '{place}' with value '{value}' is missing required fields '[{fields}]'", _CAPTURED),
        Text(
            "argument '{place}' with value '{value}' contains a field not in '{type}': '{field}'", _CAPTURED
        ),
        Text("argument '{place}' with value '{value}' must not be null", _JAVA),
        Text("argument '{place}' with value '{value}' must be an object type", _JAVA),
    ),
    "BadValueForDefaultArg": (Text("Bad default value {value} for type {type}", _JAVA),),
    "FieldUndefined": (Text("Field '{field}' in type '{type}' is undefined", _CAPTURED),),
    "InlineFragmentTypeConditionInvalid": (
        Text("Inline fragment type condition is invalid, must be on Object/Interface/Union", _JAVA),
        Text("Fragment type condition is invalid, must be on Object/Interface/Union", _JAVA),
    ),
    "UnknownArgument": (Text("Unknown field argument {argument}", _CAPTURED),),
    "UnknownDirective": (
        Text("Unknown directive {directive}", _JAVA),
        Text("Unknown directive argument {argument}", _JAVA),
    ),
    "MisplacedDirective": (Text("Directive {directive} not allowed here", _JAVA),),
    "UndefinedFragment": (Text("Undefined fragment {fragment}", _JAVA),),
    "UnknownType": (Text("Unknown type {type}", _CAPTURED),),
    "FragmentCycle": (Text("Fragment cycles not allowed", _JAVA),),
    "UndefinedVariable": (Text("Undefined variable {variable}", _JAVA),),
    "UnusedFragment": (Text("Unused fragment {fragment}", _JAVA),),
    "UnusedVariable": (Text("Unused variable {variable}", _CAPTURED),),
    "FieldsConflict": (Text("{reason}", _JAVA),),
    "InvalidFragmentType": (
        Text("Fragment cannot be spread here as objects of type {parent} can never be of type {type}", _JAVA),
        Text(
            "Fragment {fragment} cannot be spread here as objects of type {parent} can never be of type {type}",
            _JAVA,
        ),
    ),
    "MissingFieldArgument": (Text("Missing field argument {argument}", _CAPTURED),),
    "MissingDirectiveArgument": (Text("Missing directive argument {argument}", _JAVA),),
    "SubSelectionRequired": (Text("Sub selection required for type {type} of field {field}", _CAPTURED),),
    "SubSelectionNotAllowed": (
        Text("Sub selection not allowed on leaf type {type} of field {field}", _CAPTURED),
    ),
    "NonInputTypeOnVariable": (Text("Wrong type for a variable", _JAVA),),
    "VariableTypeMismatch": (
        Text("Variable type '{type}' doesn't match expected type '{expected}'", _CAPTURED),
    ),
    "LoneAnonymousOperationViolation": (
        Text("Anonymous operation with other operations.", _JAVA),
        Text("Operation {operation} is following anonymous operation.", _JAVA),
    ),
    "NonExecutableDefinition": (Text("The {definition} definition is not executable.", _JAVA),),
    "DuplicateOperationName": (Text("There can be only one operation named '{name}'", _LATER),),
    "DuplicateFragmentName": (Text("There can be only one fragment named '{name}'", _LATER),),
    "DuplicateArgumentNames": (Text("There can be only one argument named '{name}'", _LATER),),
    "DuplicateVariableName": (Text("There can be only one variable named '{name}'", _LATER),),
    "UniqueObjectFieldName": (Text("There can be only one field named '{name}'", _LATER),),
    "DuplicateDirectiveName": (
        Text("The directive '{directive}' is not a unique directive in this location", _LATER),
    ),
    "SubscriptionMultipleRootFields": (
        Text("Subscription operation '{name}' must have exactly one root field", _LATER),
    ),
    "UnsupportedOperation": (Text("The {operation} operation is not supported by the schema", _OURS),),
    "QueryDepthLimitReached": (Text("Query depth limit exceeded.", _OURS),),
    "InvalidSyntax": (Text("Invalid Syntax", _JAVA),),
}
"""`Validation error of type KIND: TEXT @ 'PATH'`, by kind."""

NULL = Text("Variable '{variable}' has coerced Null value for NonNull type '{type}'", _CAPTURED)
INVALID_VARIABLE = Text("Variable '{name}' has an invalid value. {reason}", _CAPTURED)
UNDEFINED_INPUT_FIELD = Text(
    "The variables input contains a field that is not defined for input object type '{type}' ", _CAPTURED
)
NOT_A_MAP = Text(
    "Expected type 'Map' but was '{got}'. Variables for input objects must be an instance of type 'Map'.",
    _JAVA,
)
EXPECTED = Text("Expected type '{type}' but was '{got}'.", _CAPTURED)
NOT_IN_ENUM = Text("Invalid input for Enum '{type}'. No value found for name '{value}'", _JAVA)
UNKNOWN_ENUM_VALUE = Text("Invalid input for Enum '{type}'. Unknown value '{value}'", _CAPTURED)
NULL_ARGUMENT = Text("Argument '{argument}' has coerced Null value for NonNull type '{type}'", _LATER)

SCALARS: Mapping[str, Text] = {
    "AWSDateTime": Text("Unable to {verb} `{value}` as a valid DateTime Object.", _CAPTURED),
    "AWSDate": Text("Unable to {verb} `{value}` as a valid date.", _CAPTURED),
    "AWSTime": Text("Unable to {verb} `{value}` as a valid time.", _OURS),
    "AWSTimestamp": Text("Unable to {verb} `{value}` as a valid timestamp.", _CAPTURED),
    "AWSEmail": Text("Unable to {verb} `{value}` as a valid email address.", _OURS),
    "AWSURL": Text("Unable to {verb} `{value}` as a valid URL.", _OURS),
    "AWSPhone": Text("Unable to {verb} `{value}` as a valid phone number.", _CAPTURED),
    "AWSIPAddress": Text("Unable to {verb} `{value}` as a valid IP address.", _OURS),
    "AWSJSON": Text("Unable to {verb} {value} as valid JSON.", _CAPTURED),
}
"""`verb` is "parse" for what comes in, "serialize" for what a function answered."""


def validation_error(kind: str, path: str | None, which: int = 0, **words: object) -> str:
    """The whole message. `path`: the names of the fields around the place, with slashes; None for none.
    `which`: the text, where a kind has several."""
    place = f" @ '{path}'" if path else ""
    return f"Validation error of type {kind}: {VALIDATION[kind][which].template.format(**words)}{place}"


def bad_scalar(name: str, verb: str, value: object) -> str:
    return SCALARS[name].template.format(verb=verb, value=java_value(value))


def java_class(value: object) -> str:
    """The simple name of the class that a JSON value has in Java. `ArrayList` and `String` are captured."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "Integer" if abs(value) < 2**31 else "Long" if abs(value) < 2**63 else "BigInteger"
    names = {bool: "Boolean", str: "String", float: "Double", list: "ArrayList", dict: "LinkedHashMap"}
    return names.get(type(value), "null")


def java_value(value: object) -> str:
    """A JSON value by Java's `toString`: `{key1=hi, nested={a=true}}`, captured of a map."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(map(java_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={java_value(inner)}' for key, inner in value.items())}}}"
    return str(value)


def java_literal(node: Node) -> str:
    """A value in a document by graphql-java's `toString`, captured of objects, lists, texts, numbers and
    variables."""
    match node:
        case StringValueNode() | EnumValueNode():
            name = "value" if isinstance(node, StringValueNode) else "name"
            inner = f"{name}='{node.value}'"
        case BooleanValueNode():
            inner = f"value={java_value(node.value)}"
        case VariableNode():
            return f"VariableReference{{name='{node.name.value}'}}"
        case ObjectFieldNode():
            inner = f"name='{node.name.value}', value={java_literal(node.value)}"
        case ObjectValueNode():
            inner = f"objectFields=[{', '.join(map(java_literal, node.fields))}]"
        case ListValueNode():
            return f"ArrayValue{{values=[{', '.join(map(java_literal, node.values))}]}}"
        case NullValueNode():
            inner = ""
        case _:  # IntValueNode and FloatValueNode
            inner = f"value={getattr(node, 'value', '')}"
    return f"{type(node).__name__.removesuffix('Node')}{{{inner}}}"


def java_type_name(type_: GraphQLType) -> str:
    """graphql-java's `getName`: a list and a type that is not null have none (captured of a list)."""
    return "null" if is_list_type(type_) or is_non_null_type(type_) else get_named_type(type_).name
