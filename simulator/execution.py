"""GraphQL as AppSync executes it: one invocation per field that has a function, everything else looked up."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLOutputType,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    execute,
    get_argument_values,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields
from graphql.execution.values import VariableValues

from simulator.auth.directives import rules_of
from simulator.auth.modes import Mode, Modes
from simulator.context import Call, Field, resolver_event
from simulator.documents import Document, Documents
from simulator.errors import (
    AppSyncExecutor,
    TypeMismatch,
    argument_message,
    denied,
    field_error,
    function_error,
)
from simulator.functions import FunctionError, Functions
from simulator.limits import Limits
from simulator.readings import Readings
from simulator.refusals import SubscriptionRefused, UnsupportedOperation, bad_request
from simulator.schema import appsync_schema, subscriptions_by_mutation
from simulator.subscriptions import Registry, Selection
from simulator.variables import variable_values


@dataclass(frozen=True, slots=True)
class GraphqlRequest:
    query: str
    variables: Mapping[str, Any]
    operation_name: str | None = None


class Api:
    """One AppSync API. `modes`: whom it lets in, the default mode first. Raises `GraphQLError` or `TypeError`
    when the schema is not one."""

    def __init__(
        self,
        sdl: str,
        functions: Functions,
        limits: Limits,
        readings: Readings | None = None,
        modes: Modes = (Mode.LAMBDA,),
    ) -> None:
        self._schema = appsync_schema(sdl)
        self._rules = rules_of(self._schema, modes)
        self._functions = functions
        self._documents = Documents(self._schema, limits)
        self._readings = readings or Readings()
        links = subscriptions_by_mutation(self._schema)
        self.subscriptions = Registry(self._schema, links, limits.published, self._readings)

    async def execute(self, request: GraphqlRequest, call: Call) -> Mapping[str, Any]:
        """The answer to a query or mutation; what mutations completed is published before it is given.

        Raises `RequestRefused` when there is nothing to execute.
        """
        call = replace(call, grant=self._rules.applied(call.grant))
        document = self._documents.get(request.query)
        operation = document.operation(request.operation_name)
        if document.problems:
            return {"data": None, "errors": document.problems}
        if operation.operation is OperationType.SUBSCRIPTION:
            raise bad_request("Subscriptions are served over WebSocket only.")
        variables = variable_values(self._schema, operation, request.variables)
        if not isinstance(variables, VariableValues):
            return {"data": None, "errors": [variables]}
        answer = execute(
            self._schema,
            document.ast,
            context_value=call,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            field_resolver=self._resolve,
            executor_class=AppSyncExecutor,
        )
        result = await answer if inspect.isawaitable(answer) else answer
        partial = {str(error.path[0]) for error in result.errors or () if error.path}
        for key, mutation in call.completed.items():
            self.subscriptions.publish(mutation, (result.data or {}).get(key), partial=key in partial)
        errors = [field_error(error, self._schema) for error in result.errors or ()]
        return {"data": result.data} | ({"errors": errors} if errors else {})

    async def subscribe(self, request: GraphqlRequest, call: Call) -> Selection:
        """Judges a `start` up to its resolver's yes. Raises `RequestRefused`, `SubscriptionRefused`,
        `UnsupportedOperation`."""
        document = self._documents.get(request.query)
        operation = document.operation(request.operation_name)
        if operation.operation is not OperationType.SUBSCRIPTION:
            raise UnsupportedOperation(operation.operation.value)
        if document.problems:
            # Captured by several: over WebSocket there are messages alone.
            raise SubscriptionRefused([{"message": problem["message"]} for problem in document.problems])
        variables = variable_values(self._schema, operation, request.variables)
        if not isinstance(variables, VariableValues):
            raise SubscriptionRefused([{"message": variables["message"]}])
        field = self._subscription_field(document, operation, variables)
        arguments = self._arguments(field)
        name = f"Subscription.{field.name}"
        try:
            if name in self._rules.applied(call.grant).denied:
                raise denied("Subscription", field.name)
            if name in self._functions:
                # The answer is not used: null accepts, and where AppSync puts initial data is not known.
                await self._functions.invoke(name, resolver_event(field, arguments, None, call))
        except FunctionError as error:
            error_type, message = function_error(error)
            raise SubscriptionRefused([{"errorType": error_type, "message": message}]) from None
        return Selection(
            field=field.name,
            document=document.ast,
            query=request.query,
            operation_name=request.operation_name,
            variables=request.variables,
            constraints=arguments,
        )

    def _subscription_field(
        self, document: Document, operation: OperationDefinitionNode, variables: VariableValues
    ) -> Field:
        root = self._schema.subscription_type
        if root is None:
            raise UnsupportedOperation("subscription")
        fragments = {name: FragmentDetails(node) for name, node in document.fragments.items()}
        collected = collect_fields(self._schema, fragments, variables, root, operation).grouped_field_set
        if not collected:  # everything was skipped
            raise UnsupportedOperation("unknown")
        nodes = [details.node for details in next(iter(collected.values()))]
        name = nodes[0].name.value
        if name not in root.fields:  # __typename
            raise UnsupportedOperation("unknown")
        return Field(
            "Subscription", name, root.fields[name].type, nodes, self._schema, document.fragments, variables
        )

    def _arguments(self, field: Field) -> Mapping[str, Any]:
        root = self._schema.subscription_type
        if root is None:
            return {}
        definition = root.fields[field.name]
        try:
            arguments = get_argument_values(definition, field.nodes[0], field.variable_values)
            return self._as_read(field, definition, arguments)
        except GraphQLError as error:
            raise SubscriptionRefused([{"message": argument_message(error) or "null"}]) from None

    def _as_read(
        self, field: Field, definition: GraphQLField, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """A field's arguments, where those whose variables are not set may be null: see `Readings`."""
        if not self._readings.unset_is_null:
            return arguments
        unset = {
            node.name.value
            for node in field.nodes[0].arguments or ()
            if isinstance(node.value, VariableNode)
            and node.value.name.value not in field.variable_values.coerced
            and not is_non_null_type(definition.args[node.name.value].type)
        }
        return {
            name: None if name in unset else arguments[name]
            for name in definition.args
            if name in unset or name in arguments
        }

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Call], **arguments: Any) -> Any:
        """The resolver of every field."""
        call = info.context
        name = f"{info.parent_type.name}.{info.field_name}"
        if info.parent_type is self._schema.mutation_type:
            call.completed[str(info.path.key)] = info.field_name
        if call.grant.denied and name in call.grant.denied:
            raise denied(info.parent_type.name, info.field_name)
        if name in self._functions:
            return self._invoke(name, source, info, arguments)
        if source is not None and not isinstance(source, dict):
            raise TypeMismatch("OBJECT", source)
        return _fitting(info.return_type, (source or {}).get(info.field_name))

    async def _invoke(
        self, name: str, source: Any, info: GraphQLResolveInfo[Call], arguments: Mapping[str, Any]
    ) -> Any:
        field = Field(
            info.parent_type.name,
            info.field_name,
            info.return_type,
            info.field_nodes,
            info.schema,
            info.fragments,
            info.variable_values,
        )
        arguments = self._as_read(field, info.parent_type.fields[info.field_name], arguments)
        answer = await self._functions.invoke(name, resolver_event(field, arguments, source, info.context))
        return _fitting(info.return_type, answer)


def _fitting(type_: GraphQLOutputType, value: Any) -> Any:
    """The value, if it has the outer shape of its type. Raises `TypeMismatch`."""
    if value is None:
        return value
    inner = type_.of_type if is_non_null_type(type_) else type_
    if is_list_type(inner):
        if not isinstance(value, list):
            raise TypeMismatch("LIST", value)
    elif is_composite_type(inner) and not isinstance(value, dict):
        raise TypeMismatch("OBJECT", value)
    return value
