"""AppSync's words for what does not fit the schema: those that its users have published, and the form of all."""

import json
import re
from typing import Any

import pytest
from graphql import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.literals import MISSING_FIELDS, NO_OBJECT, NOT_VALID, NULL, UNDEFINED_FIELD
from simulator.refusals import SubscriptionRefused
from simulator.schema import appsync_schema
from simulator.validation import problems
from simulator.variables import variable_values
from simulator.wordings import VALIDATION

SDL = """
type Query {
  list(a: Int, b: Boolean, color: Color, when: AWSDateTime, o: In, os: [In!], json: AWSJSON, x: Int! = 3): [String]
  text: String!
  name: String
  obj(id: ID!): Obj
  any: Any
  count: Int
  flag: Boolean
  id: ID
  colors: [Color]
  stamp: AWSTimestamp
}
type Obj { id: ID! n: Int deep: [Obj!] a(x: Int): Int date: AWSDateTime }
type Other { id: ID }
union Any = Obj | Other
input In { a: Int! b: String c: In d: [Int!]! = [1] json: AWSJSON when: AWSDateTime day: AWSDate phone: AWSPhone }
enum Color { RED }
type Mutation { m(x: Int): Int }
type Subscription { s(a: Int!, x: In): Int @aws_subscribe(mutations: ["m"]) }
"""
SCHEMA = appsync_schema(SDL)


def said(query: str) -> list[str]:
    return [error["message"] for error in problems(SCHEMA, parse(query))]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("{ nope }", "FieldUndefined: Field 'nope' in type 'Query' is undefined @ 'nope'"),
        ("{ obj { id } }", "MissingFieldArgument: Missing field argument id @ 'obj'"),
        ("{ list(authors: 1) }", "UnknownArgument: Unknown field argument authors @ 'list'"),
        (
            "{ obj(id: 1) { deep { id deep } } }",
            "SubSelectionRequired: Sub selection required for type null of field deep @ 'obj/deep/deep'",
        ),
        ("{ obj(id: 1) }", "SubSelectionRequired: Sub selection required for type Obj of field obj @ 'obj'"),
        (
            "{ name { response } }",
            "SubSelectionNotAllowed: Sub selection not allowed on leaf type String of field name @ 'name'",
        ),
        (
            "query ($id: String!) { obj(id: $id) { id } }",
            "VariableTypeMismatch: Variable type 'String!' doesn't match expected type 'ID!' @ 'obj'",
        ),
        (
            'query ($id: String = "a") { obj(id: $id) { id } }',
            "VariableTypeMismatch: Variable type 'String!' doesn't match expected type 'ID!' @ 'obj'",
        ),
        (
            '{ list(when: "2019") }',
            "WrongType: argument 'when' with value 'StringValue{value='2019'}' is not a valid 'AWSDateTime' @ 'list'",
        ),
        (
            '{ list(o: { a: 1, c: { a: 1, when: "2019" } }) }',
            "WrongType: argument 'o.c.when' with value 'StringValue{value='2019'}' is not a valid 'AWSDateTime' @ 'list'",
        ),
        (
            "{ list(json: { upvotes: 10 }) }",
            ("WrongType: argument 'json' with value 'ObjectValue{objectFields=[ObjectField{name='upvotes', "
            "value=IntValue{value=10}}]}' is not a valid 'AWSJSON' @ 'list'"),
        ),
        (
            '{ list(o: { b: "test" }) }',
            ("WrongType: argument 'o' with value 'ObjectValue{objectFields=[ObjectField{name='b', "
            "value=StringValue{value='test'}}]}' is missing required fields '[a]' @ 'list'"),
        ),
        (
            "{ list(os: [{ a: 1, z: null }]) }",
            ("WrongType: argument 'os[0]' with value 'ArrayValue{values=[ObjectValue{objectFields=[ObjectField{"
            "name='a', value=IntValue{value=1}}, ObjectField{name='z', value=NullValue{}}]}]}' "
            "contains a field not in 'In': 'z' @ 'list'"),
        ),
        (
            "{ list(o: true) }",
            "WrongType: argument 'o' with value 'BooleanValue{value=true}' must be an object type @ 'list'",
        ),
        (
            "{ list(os: [null]) }",
            "WrongType: argument 'os[0]' with value 'NullValue{}' must not be null @ 'list'",
        ),
        (
            "{ list(color: BLUE) }",
            "WrongType: argument 'color' with value 'EnumValue{name='BLUE'}' is not a valid 'Color' @ 'list'",
        ),
        ("query ($a: AWSTimestamps) { list(a: $a) }", "UnknownType: Unknown type AWSTimestamps"),
        ("query ($nextToken: Int) { text }", "UnusedVariable: Unused variable nextToken"),
        ("{ list(a: $companyId) }", "UndefinedVariable: Undefined variable companyId @ 'list'"),
        ("{ obj(id: 1) { ...F } }", "UndefinedFragment: Undefined fragment F @ 'obj'"),
        ("{ text } fragment F on Query { text }", "UnusedFragment: Unused fragment F"),
        ("{ text @deprecated }", "MisplacedDirective: Directive deprecated not allowed here @ 'text'"),
        ("{ text @nope }", "UnknownDirective: Unknown directive nope @ 'text'"),
        ("{ text @skip(if: true, x: 1) }", "UnknownDirective: Unknown directive argument x @ 'text'"),
        ("{ text @skip }", "MissingDirectiveArgument: Missing directive argument if @ 'text'"),
        ("{ ...F } fragment F on Query { text nope }", "FieldUndefined: Field 'nope' in type 'Query' is undefined @ 'F/nope'"),
        ("{ a: text a: count }", "FieldsConflict: a: text and count are different fields"),
        ("{ obj(id: 1) { id } obj(id: 2) { id } }", "FieldsConflict: obj: they have differing arguments"),
        (
            "{ obj(id: 1) { x: id a(x: 1) } obj(id: 1) { x: n a(x: 2) } }",
            "FieldsConflict: obj: (x: id and n are different fields, a: they have differing arguments)",
        ),
        ("{ any { ... on Obj { x: id } ... on Other { x: id } } }", "FieldsConflict: x: they return differing types ID! and ID @ 'any'"),
        (
            "{ any { ... on Query { text } } }",
            "InvalidFragmentType: Fragment cannot be spread here as objects of type Any can never be of type Query @ 'any'",
        ),
        (
            "{ ... on Color { text } }",
            "InlineFragmentTypeConditionInvalid: Inline fragment type condition is invalid, must be on Object/Interface/Union",
        ),
        ('query ($a: Int = "x") { list(a: $a) }', "BadValueForDefaultArg: Bad default value StringValue{value='x'} for type Int"),
    ],
)  # fmt: skip
def test_a_document_that_does_not_fit_is_told_in_appsyncs_words(query: str, text: str) -> None:
    assert said(query) == [f"Validation error of type {text}"]


def test_errors_come_in_the_order_of_graphql_javas_walk_and_the_same_each_time() -> None:
    query = """
    query ($unused: Int, $b: Nope) {
      z: text z: count
      list(a: "x", nope: 1, b: $b)
      obj
      ...F
    }
    fragment U on Query { missing }
    """
    kinds = [re.findall(r"of type (\w+):", message)[0] for message in said(query)]
    assert kinds == [
        "UnknownType",
        "WrongType",
        "UnknownArgument",
        "MissingFieldArgument",
        "SubSelectionRequired",
        "UndefinedFragment",
        "FieldsConflict",
        "UnusedVariable",
        "FieldUndefined",
        "UnusedFragment",
    ]
    assert all(said(query) == said(query) for _ in range(3))


def test_each_error_has_neither_path_nor_type_and_tells_its_place() -> None:
    (error,) = problems(SCHEMA, parse("{\n  obj(id: 1) {\n    nope\n  }\n}"))
    assert set(error) == {"path", "locations", "message"}
    assert error["path"] is None
    assert error["locations"] == [{"line": 3, "column": 5, "sourceName": None}]


@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        ("Int", "x", "Variable 'v' has an invalid value. Expected type 'Int' but was 'String'."),
        ("Int", True, "Variable 'v' has an invalid value. Expected type 'Int' but was 'Boolean'."),
        ("Int", 1.5, "Variable 'v' has an invalid value. Expected type 'Int' but was 'Double'."),
        ("Int", 2**31, "Variable 'v' has an invalid value. Expected type 'Int' but was 'Long'."),
        ("ID", [["a"]], "Variable 'v' has an invalid value. Expected type 'ID' but was 'ArrayList'."),
        ("Boolean", {"a": None}, "Variable 'v' has an invalid value. Expected type 'Boolean' but was 'LinkedHashMap'."),
        ("Int!", None, "Variable 'v' has coerced Null value for NonNull type 'Int!'"),
        ("[Int!]", [1, None], "Variable 'v' has coerced Null value for NonNull type 'Int!'"),
        ("In", {}, "Variable 'v' has coerced Null value for NonNull type 'Int!'"),
        ("In", {"a": 1, "c": {"b": "x"}}, "Variable 'v' has coerced Null value for NonNull type 'Int!'"),
        ("In", {"a": 1, "d": None}, "Variable 'v' has coerced Null value for NonNull type '[Int!]!'"),
        ("In", {"a": 1, "z": 1}, "The variables input contains a field that is not defined for input object type 'In' "),
        ("In", {"a": 1, "day": "2019-12-24T04:15:57.798Z"}, "Variable 'day' has an invalid value. Unable to parse `2019-12-24T04:15:57.798Z` as a valid date."),
        ("In", {"a": 1, "when": "2019"}, "Variable 'when' has an invalid value. Unable to parse `2019` as a valid DateTime Object."),
        ("In", {"a": 1, "phone": "1"}, "Variable 'phone' has an invalid value. Unable to parse `1` as a valid phone number."),
        ("In", {"a": 1, "json": []}, "Variable 'json' has an invalid value. Unable to parse [] as valid JSON."),
        ("In", {"a": 1, "json": {"key1": "hi", "key2": 3, "k": {"nested": True}}}, "Variable 'json' has an invalid value. Unable to parse {key1=hi, key2=3, k={nested=true}} as valid JSON."),
        ("In", {"a": 1, "c": {"a": "q"}}, "Variable 'a' has an invalid value. Expected type 'Int' but was 'String'."),
        ("In", "text", "Variable 'v' has an invalid value. Expected type 'Map' but was 'String'. Variables for input objects must be an instance of type 'Map'."),
        ("Color", "BLUE", "Variable 'v' has an invalid value. Invalid input for Enum 'Color'. No value found for name 'BLUE'"),
        ("AWSTimestamp", "now", "Variable 'v' has an invalid value. Unable to parse `now` as a valid timestamp."),
    ],
)  # fmt: skip
async def test_a_variable_that_does_not_fit_is_told_in_appsyncs_words(
    executor: Any, type_: str, value: Any, message: str
) -> None:
    sdl = f"type Query {{ q(v: {type_}): Int obj: Obj any: Any }}" + SDL.partition("}")[2]
    answer = await executor({}, sdl).ask(f"query ($v: {type_}) {{ q(v: $v) }}", {"v": value})
    (error,) = answer["errors"]
    assert answer["data"] is None
    place = None if "not defined for" in message else [{"line": 1, "column": 8, "sourceName": None}]
    assert error == {"path": None, "locations": place, "message": message}


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        ("subscription { s(a: 1) { x } nope }", {}, None),
        ("subscription ($a: Int!) { s(a: $a) }", {}, "Variable 'a' has coerced Null value for NonNull type 'Int!'"),
        ("subscription ($x: In) { s(a: 1, x: $x) }", {"x": {"a": 1, "q": 2}}, "The variables input contains a field that is not defined for input object type 'In' "),
        ("subscription { s }", {}, "Validation error of type MissingFieldArgument: Missing field argument a @ 's'"),
    ],
)  # fmt: skip
async def test_over_websocket_the_same_words_come_alone(
    executor: Any, query: str, variables: dict[str, Any], message: str | None
) -> None:
    with pytest.raises(SubscriptionRefused) as refused:
        await executor({}, SDL).listen(query, variables)
    assert all(error.keys() == {"message"} for error in refused.value.errors)
    if message is not None:
        assert refused.value.errors == [{"message": message}]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("count", "3600 s", "Expected type 'Int' but was 'String'."),
        ("flag", {"a": None}, "Expected type 'Boolean' but was 'LinkedHashMap'."),
        ("id", [True], "Expected type 'ID' but was 'ArrayList'."),
        ("name", {"a": True}, "Expected type 'String' but was 'LinkedHashMap'."),
        ("stamp", "2026-01-22T17:48:30.032Z", "Unable to serialize `2026-01-22T17:48:30.032Z` as a valid timestamp."),
        ("stamp", True, "Unable to serialize `true` as a valid timestamp."),
        ("colors", ["RED", {"a": None}], "Invalid input for Enum 'Color'. Unknown value '{a=null}'"),
    ],
)  # fmt: skip
async def test_a_value_that_a_function_answers_is_told_in_appsyncs_words(
    executor: Any, field: str, value: Any, text: str
) -> None:
    answer = await executor({f"Query.{field}": lambda _event, _context: value}, SDL).ask(f"{{ {field} }}")
    place = "/colors[1]" if field == "colors" else f"/{field}"
    assert [error["message"] for error in answer["errors"]] == [f"Can't serialize value ({place}) : {text}"]


async def test_a_variable_that_is_null_where_an_argument_may_not_be_is_told_without_graphql_cores_words(
    executor: Any,
) -> None:
    one = executor({"Query.list": lambda _event, _context: []}, SDL)
    answer = await one.ask("query ($x: Int) { list(x: $x) }", {"x": None})
    assert [error["message"] for error in answer["errors"]] == [
        "Argument 'x' has coerced Null value for NonNull type 'Int!'"
    ]


def test_the_texts_of_wrong_values_stand_where_they_are_looked_for() -> None:
    texts = [text.template for text in VALIDATION["WrongType"]]
    assert "is not a valid" in texts[NOT_VALID]
    assert "missing required" in texts[MISSING_FIELDS]
    assert "field not in" in texts[UNDEFINED_FIELD]
    assert "must not be null" in texts[NULL]
    assert "an object type" in texts[NO_OBJECT]


names = st.sampled_from(
    ["list", "text", "name", "obj", "any", "count", "nope", "id", "n", "deep", "a", "__typename"]
)
literals = st.recursive(
    st.sampled_from(["1", "1.5", "null", "true", '"x"', "RED", "BLUE", "$v", "$u", "99999999999"]),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda each: f"[{', '.join(each)}]")
        | st.dictionaries(st.sampled_from(["a", "b", "c", "d", "z"]), inner, max_size=2).map(
            lambda each: "{ " + ", ".join(f"{name}: {value}" for name, value in each.items()) + " }"
        )
    ),
    max_leaves=4,
)
arguments = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "o", "os", "id", "json", "when", "color", "x", "if", "zz"]), literals
    ),
    max_size=3,
).map(lambda each: f"({', '.join(f'{name}: {value}' for name, value in each)})" if each else "")
directives = st.sampled_from(
    ["", "", "", " @skip", " @skip(if: true)", " @include(if: $v)", " @nope(a: 1)", " @aws_lambda"]
)
selections = st.recursive(
    st.tuples(st.sampled_from(["", "x: "]), names, arguments, directives).map("".join)
    | st.sampled_from(["...F", "...G", "...H"]),
    lambda inner: st.tuples(
        names | st.sampled_from(["... on Query", "... on Obj", "... on Color", "... on Nope", "..."]),
        arguments,
        st.lists(inner, min_size=1, max_size=3).map(lambda each: " { " + " ".join(each) + " }"),
    ).map(lambda each: f"{each[0]}{'' if each[0].startswith('.') else each[1]}{each[2]}"),
    max_leaves=6,
).map(str)
types = st.sampled_from(["Int", "Int!", "String", "[Int]", "In", "[In!]!", "Obj", "Nope", "Color"])
definitions = st.lists(
    st.tuples(
        st.sampled_from(["$v", "$w"]),
        types,
        st.just("") | literals.filter(lambda text: "$" not in text).map(" = {}".format),
    ),
    max_size=2,
).map(
    lambda each: (
        f" ({', '.join(f'{name}: {type_}{default}' for name, type_, default in each)})" if each else ""
    )
)
bodies = st.lists(selections, min_size=1, max_size=4).map(lambda each: "{ " + " ".join(each) + " }")
operations = st.tuples(
    st.sampled_from(["query", "query A", "mutation", "subscription"]), definitions, bodies
).map(" ".join)
fragments = st.tuples(
    st.sampled_from(
        ["fragment F on Query", "fragment F on Obj", "fragment G on Query", "fragment G on Color"]
    ),
    bodies,
).map(" ".join)
documents = st.tuples(operations, st.lists(operations | fragments | st.just("type T { a: Int }"), max_size=2)).map(
    lambda each: "\n".join([each[0], *each[1]])
)  # fmt: skip

# What `{reason}` may be stands in the test of conflicts above; all others are filled with names and values.
FORMS = {
    kind: re.compile(
        "|".join(re.sub(r"\\\{\w+\\\}", ".*", re.escape(text.template)) for text in texts), re.DOTALL
    )
    for kind, texts in VALIDATION.items()
}
FOREIGN = re.compile(
    r"\bNone\b|\bTrue\b|\bFalse\b|'dict'|'str'|'int'|Undefined\b(?! (?:variable|fragment))|[<>]"
    r"|Did you mean|Expected value|cannot represent|must not have|of required type|\{'"
)


@settings(print_blob=True, deadline=None, max_examples=120)
@given(documents)
def test_every_error_of_any_document_has_appsyncs_form(document: str) -> None:
    found = problems(SCHEMA, parse(document))
    assert found == problems(SCHEMA, parse(document))
    json.dumps(found)
    for error in found:
        assert set(error) == {"path", "locations", "message"}
        assert error["path"] is None
        match = re.fullmatch(
            r"Validation error of type (\w+): (.*?)( @ '[\w/]+')?", error["message"], re.DOTALL
        )
        assert match, error
        assert FORMS[match[1]].fullmatch(match[2]), error
        assert not FOREIGN.search(match[2]), error
        for place in error["locations"]:
            assert place["sourceName"] is None
            assert place["line"] >= 1
            assert place["column"] >= 1


values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.just("x"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "d", "z", "json", "when"]), inner, max_size=3)
    ),
    max_leaves=6,
)
VARIABLE = re.compile(
    r"Variable '\w+' has coerced Null value for NonNull type '[\w\[\]!]+'"
    r"|Variable '\w+' has an invalid value\. .+"
    r"|The variables input contains a field that is not defined for input object type '\w+' ",
    re.DOTALL,
)


@settings(print_blob=True, deadline=None, max_examples=300)
@given(st.sampled_from(["In", "In!", "[In!]", "[In]!"]), values)
def test_every_error_of_any_variable_has_appsyncs_form(type_: str, value: Any) -> None:
    (operation,) = parse(f"query ($v: {type_}) {{ list(o: $v) }}").definitions
    refusal = variable_values(SCHEMA, operation, {"v": value})  # type: ignore[arg-type]
    if isinstance(refusal, dict):
        assert VARIABLE.fullmatch(refusal["message"]), refusal
        assert not FOREIGN.search(refusal["message"]), refusal
