"""Dataclasses that cost next to nothing to define.

`dataclass(frozen=True, slots=True)` writes out six methods and has Python compile them, for each class and at each
cold start: 1.1 ms where twelve fields are, and a function has thirty such classes before its first call. Here a
class gets a slot for each field, and methods that all records share. Its `__init__` and its `dataclasses.Field`s are
made when somebody first needs them, which is hardly ever before a call. For a type checker, and for
`dataclasses.fields` and `replace`, it is a dataclass.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type], type]:
        """As `dataclass(frozen=True, slots=True, kw_only=…)`, without `__post_init__`, `InitVar` and
        ordering. Raises `TypeError` for anything that is not frozen with slots."""
        if not (frozen and slots):
            raise TypeError("a record is frozen, and has slots")

        def decorate(cls: type) -> type:
            return _with_slots(cls, kw_only=kw_only)

        return decorate


def _with_slots(plain: Any, *, kw_only: bool) -> Any:
    """The class `plain` made anew with a slot for each field of its own, and a record's methods."""
    kinds = plain.__annotations__.items()
    own = tuple(name for name, kind in kinds if getattr(kind, "__origin__", kind) is not ClassVar)
    every = tuple(dict.fromkeys((*getattr(plain, "__record_names__", ()), *own)))
    body = {
        name: value for name, value in plain.__dict__.items() if name not in (*own, "__dict__", "__weakref__")
    }
    for name, method in _SHARED.items():
        body.setdefault(name, method)
    values = attrgetter(*every) if len(every) > 1 else _of_one(every)
    body |= {"__slots__": own, "__record_names__": every, "__record_values__": staticmethod(values)}
    body["__dataclass_fields__"] = _Fields(plain, kw_only=kw_only)
    made = type(plain)(plain.__name__, plain.__bases__, body)
    made.__qualname__ = plain.__qualname__
    made.__init__ = _init_at_first_use(made)
    return made


class _Fields:
    """A record's `__dataclass_fields__` until somebody asks for it. The standard library makes it of the class as it
    was written."""

    def __init__(self, plain: type, *, kw_only: bool) -> None:
        self._plain, self._kw_only = plain, kw_only

    def __get__(self, _: object, made: Any) -> Any:
        own: Any = dataclass(init=False, repr=False, eq=False, match_args=False, kw_only=self._kw_only)(
            self._plain
        )
        made.__dataclass_params__ = own.__dataclass_params__
        made.__dataclass_fields__ = own.__dataclass_fields__
        return made.__dataclass_fields__


def _init_at_first_use(made: Any) -> Callable[..., None]:
    def __init__(self: object, *values: Any, **named: Any) -> None:  # noqa: N807  that is what it is
        made.__init__ = _init({each.name: each for each in fields(made)})
        made.__init__(self, *values, **named)

    return __init__


def _of_one(every: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    return lambda self: tuple(getattr(self, name) for name in every)


def _init(every: dict[str, Field[Any]]) -> Any:
    names: dict[str, Any] = {"_set": object.__setattr__, "_absent": MISSING}
    positional: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    for name, each in every.items():
        parameter, value = name, name
        if each.default is not MISSING:
            names[f"_default_{name}"] = each.default
            parameter = f"{name}=_default_{name}"
        elif each.default_factory is not MISSING:
            names[f"_make_{name}"] = each.default_factory
            parameter, value = f"{name}=_absent", f"_make_{name}() if {name} is _absent else {name}"
        (named if each.kw_only else positional).append(parameter)
        lines.append(f" _set(self, {name!r}, {value})")
    signature = ", ".join(["self", *positional, *(["*", *named] if named else [])])
    exec(f"def __init__({signature}):\n" + ("\n".join(lines) or " pass"), names)  # noqa: S102  fields' names alone
    return names["__init__"]


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self.__record_values__(self) == self.__record_values__(other)


def _hash(self: Any) -> int:
    return hash(self.__record_values__(self))


def _repr(self: Any) -> str:
    named = zip(fields(self), self.__record_values__(self), strict=True)
    return f"{type(self).__qualname__}({', '.join(f'{each.name}={value!r}' for each, value in named)})"


def _refuse_set(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _reduce(self: Any) -> tuple[Any, ...]:
    return _restored, (type(self), self.__record_values__(self))


def _restored(cls: Any, values: tuple[Any, ...]) -> object:
    made: object = cls.__new__(cls)
    for each, value in zip(fields(cls), values, strict=True):
        object.__setattr__(made, each.name, value)
    return made


_SHARED = {
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse_set,
    "__delattr__": _refuse_delete,
    "__reduce__": _reduce,
}
