"""Whatever comes in, the protocol answers with frames that clients know."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.protocol import Connection, Send, Subscribe

KNOWN = {"connection_ack", "connection_error", "ka", "start_ack", "error", "complete"}

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
requests = st.fixed_dictionaries(
    {}, optional={"query": st.text() | json_values, "variables": json_values, "operationName": json_values}
)
near_frames = st.fixed_dictionaries(
    {"type": st.sampled_from(["connection_init", "start", "stop", "ka"]) | json_values},
    optional={
        "id": st.sampled_from(["1", "2", "\ud800"]) | json_values,
        "payload": json_values
        | st.fixed_dictionaries(
            {"data": requests.map(json.dumps) | json_values},
            optional={"extensions": json_values | st.fixed_dictionaries({"authorization": json_values})},
        ),
    },
)
texts = st.text() | json_values.map(json.dumps) | near_frames.map(json.dumps)


@settings(print_blob=True, deadline=None)
@given(st.lists(texts | st.none(), max_size=12), st.data())
def test_arbitrary_frames_never_raise_and_are_answered_in_known_frames(
    incoming: list[str | None], data: st.DataObject
) -> None:
    connection = Connection(max_subscriptions=2)
    for text in incoming:
        actions = list(connection.receive_binary() if text is None else connection.receive_text(text))
        for action in list(actions):
            if isinstance(action, Subscribe):
                verdict = data.draw(st.sampled_from(["live", "refused", "query", "pending"]))
                if verdict == "live":
                    actions += connection.subscribed(action)
                elif verdict == "refused":
                    actions += connection.subscription_refused(action, [{"message": "no"}])
                elif verdict == "query":
                    actions += connection.not_a_subscription(action, "query")
        for action in actions:
            if isinstance(action, Send):
                action.text.encode()
                assert json.loads(action.text)["type"] in KNOWN
    assert not connection.closed
