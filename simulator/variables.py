"""Variables: whether they fit an operation, and AppSync's words for the first that does not.

https://github.com/graphql-java/graphql-java/blob/v9.0/src/main/java/graphql/execution/ValuesResolver.java.
graphql-core judges; its own words are never told.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLLeafType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    VariableDefinitionNode,
    get_variable_values,
    is_enum_type,
    is_input_object_type,
    is_input_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    type_from_ast,
)
from graphql.execution.values import VariableValues

from simulator.refusals import Error
from simulator.validation import error_locations
from simulator.wordings import (
    EXPECTED,
    INVALID_VARIABLE,
    NOT_A_MAP,
    NOT_IN_ENUM,
    NULL,
    SCALARS,
    UNDEFINED_INPUT_FIELD,
    Text,
    bad_scalar,
    java_class,
    java_value,
)


class Unfit(Exception):
    """The text is AppSync's. `is_placed`: whether the place of the variable's definition is told with it."""

    def __init__(self, text: Text, *, is_placed: bool = True, **words: object) -> None:
        super().__init__(text.template.format(**words))
        self.is_placed = is_placed


def variable_values(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> VariableValues | Error:
    """The values of an operation's variables, or the one error of the first that is wrong."""
    definitions = operation.variable_definitions or ()
    values = get_variable_values(schema, definitions, dict(variables), 1, hide_suggestions=True)
    if isinstance(values, VariableValues):
        return values
    for definition in definitions:
        if refusal := _refusal(schema, definition, variables):
            return refusal
    # Nothing that is told apart above: a default of the schema's own, or values that are nested too deeply.
    node = next((node for error in values for node in error.nodes or ()), None)
    name = node.variable.name.value if isinstance(node, VariableDefinitionNode) else "null"
    message = INVALID_VARIABLE.template.format(name=name, reason="").rstrip()
    return {"path": None, "locations": error_locations([node] if node else None), "message": message}


def _refusal(
    schema: GraphQLSchema, definition: VariableDefinitionNode, variables: Mapping[str, Any]
) -> Error | None:
    name, type_ = definition.variable.name.value, type_from_ast(schema, definition.type)
    if not is_input_type(type_) or (name not in variables and definition.default_value is not None):
        return None
    try:
        _check(name, name, type_, variables.get(name))
    except Unfit as unfit:
        locations = error_locations([definition]) if unfit.is_placed else None
        return {"path": None, "locations": locations, "message": str(unfit)}
    except RecursionError:
        return None
    return None


def _check(variable: str, name: str, type_: GraphQLInputType, value: object) -> None:
    """Raises `Unfit`. `name`: of the variable, or of the field in it that the value is of: AppSync names the
    field where a value is malformed, and the variable where one is missing."""
    if is_non_null_type(type_):
        if value is None:
            raise Unfit(NULL, variable=variable, type=type_)
        _check(variable, name, type_.of_type, value)
    elif value is None:
        return
    elif is_list_type(type_):
        for item in value if isinstance(value, list) else [value]:
            _check(variable, name, type_.of_type, item)
    elif is_input_object_type(type_):
        _check_object(variable, name, type_, value)
    elif is_leaf_type(type_) and (reason := unfit_leaf(type_, value)):
        raise Unfit(INVALID_VARIABLE, name=name, reason=reason)


def _check_object(variable: str, name: str, type_: GraphQLInputObjectType, value: object) -> None:
    if not isinstance(value, dict):
        reason = NOT_A_MAP.template.format(got=java_class(value))
        raise Unfit(INVALID_VARIABLE, name=name, reason=reason)
    if not value.keys() <= type_.fields.keys():
        raise Unfit(UNDEFINED_INPUT_FIELD, is_placed=False, type=type_.name)
    for field, definition in type_.fields.items():
        if field in value or is_required_input_field(definition):
            _check(variable, field, definition.type, value.get(field))


def unfit_leaf(type_: GraphQLLeafType, value: Any) -> str | None:
    """Why a value is none of a scalar or an enum; None if it is one."""
    try:
        if type_.coerce_input_value(value) is not Undefined:
            return None
    except GraphQLError:
        pass
    if is_enum_type(type_):
        return NOT_IN_ENUM.template.format(type=type_.name, value=java_value(value))
    if type_.name in SCALARS:
        return bad_scalar(type_.name, "parse", value)
    return EXPECTED.template.format(type=type_.name, got=java_class(value))
