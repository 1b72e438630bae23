"""Dataclasses that are cheap to define.

`dataclass(frozen=True, slots=True)` writes out six methods and makes Python compile them, for each class and at
each cold start: 1.1 ms where twelve fields are, and a function has thirty such classes before its first call. Here
the `__init__` alone is compiled (0.25 ms); the other methods are the same for all. For a type checker, and for
`dataclasses.fields` and `replace`, it is a dataclass.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

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
            return _with_slots(
                dataclass(init=False, repr=False, eq=False, match_args=False, kw_only=kw_only)(cls)
            )

        return decorate


def _with_slots(cls: Any) -> Any:
    """The class made anew with a slot for each field of its own, and a record's methods."""
    every = {each.name: each for each in fields(cls)}
    own = tuple(name for name in cls.__annotations__ if name in every)
    body = {
        name: value for name, value in cls.__dict__.items() if name not in (*own, "__dict__", "__weakref__")
    }
    for name, method in _SHARED.items():
        body.setdefault(name, method)
    values = attrgetter(*every) if len(every) > 1 else _of_one(every)
    body |= {"__slots__": own, "__record_values__": staticmethod(values), "__init__": _init(every)}
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _of_one(every: dict[str, Field[Any]]) -> Callable[[object], tuple[Any, ...]]:
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
