"""A record is what a frozen dataclass with slots is, but cheaper to define."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any, ClassVar, cast

import pytest

from chat.rules.record import record


@record(frozen=True, slots=True)
class Base:
    """A class to derive from."""

    first: int
    second: str = "two"


@record(frozen=True, slots=True)
class Derived(Base):
    """With a field of its own, and what is no field."""

    shared: ClassVar[int] = 7
    third: list[int] = field(default_factory=list, metadata={"unit": "ms"})


@record(frozen=True, slots=True, kw_only=True)
class Named:
    """One field, by name alone."""

    only: int = 1


@dataclass(frozen=True, slots=True)
class Plain:
    """As the standard library makes `Base`."""

    first: int
    second: str = "two"


@pytest.mark.parametrize("values", [(1,), (1, "x"), (None, "")])
def test_it_is_made_compared_hashed_and_shown_as_a_dataclass_is(values: tuple[Any, ...]) -> None:
    made: Any = Base(*values)
    plain: Any = Plain(*values)
    assert (made.first, made.second) == (plain.first, plain.second)
    assert repr(made) == repr(plain).replace("Plain", "Base")
    assert hash(made) == hash(plain)
    assert made == Base(*values)
    assert made != Base(2, "y")
    assert made != Derived(*values)
    assert made != plain


@pytest.mark.parametrize("arguments", [(), (1, "x", 2)])
def test_wrong_arguments_are_refused_as_a_dataclass_refuses_them(arguments: tuple[Any, ...]) -> None:
    for cls in (Base, Plain):
        with pytest.raises(TypeError):
            cls(*arguments)
    with pytest.raises(TypeError):
        Named(1)  # type: ignore[call-arg]
    assert Named(only=3).only == 3


def test_nothing_of_it_changes() -> None:
    made = Base(1)
    for name in ("first", "another"):
        with pytest.raises(FrozenInstanceError):
            setattr(made, name, 2)
        with pytest.raises(FrozenInstanceError):
            delattr(made, name)
    assert not hasattr(made, "__dict__")


def test_a_derived_one_has_the_fields_of_both_and_a_default_of_its_own_each_time() -> None:
    one, other = Derived(1), Derived(1)
    assert [each.name for each in fields(Derived)] == ["first", "second", "third"]
    assert fields(Derived)[2].metadata == {"unit": "ms"}
    assert Derived.shared == 7
    assert one == other
    assert one.third is not other.third


@pytest.mark.parametrize("made", [Base(1, "x"), Derived(1, "x", [3]), Named(only=2)])
def test_it_is_replaced_copied_and_pickled(made: Any) -> None:
    first = fields(made)[0].name
    assert getattr(replace(made, **{first: 9}), first) == 9
    for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):  # noqa: S301
        assert again == made
        assert again is not made


@pytest.mark.parametrize("given", [{"frozen": False, "slots": True}, {"frozen": True, "slots": False}])
def test_what_changes_or_has_no_slots_is_no_record(given: Any) -> None:
    with pytest.raises(TypeError):
        record(**given)


def test_a_class_that_is_defined_here_is_made_as_those_above() -> None:
    """What runs when a class is defined runs within a test."""

    @record(frozen=True, slots=True)
    class Empty:
        pass

    @record(frozen=True, slots=True)
    class One:
        first: int

        def __repr__(self) -> str:
            return "its own"

    @record(frozen=True, slots=True)
    class Two(One):
        second: list[int] = field(default_factory=list)
        third: str = "x"

    empty, one, two = (cast("Any", each) for each in (Empty, One, Two))
    assert empty() == empty()
    assert empty() != one(1)
    assert (one(1), one(1) == one(2), repr(one(1))) == (one(1), False, "its own")
    assert (two(1).second, two(1).third, two(1, [2], "y").second) == ([], "x", [2])
    assert two(1).second is not two(1).second
    assert two.__slots__ == ("second", "third")
    assert not hasattr(two, "__match_args__")
    assert hash(one(1)) == hash((1,))
    for made in (empty(), one(1), two(1)):
        assert not hasattr(made, "__dict__")
        with pytest.raises(FrozenInstanceError):
            made.first = 3
