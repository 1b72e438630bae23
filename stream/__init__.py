"""The contract of events that go out, as models and as the files of `events/stream/`, and the operator's program that gives
events out once more."""
