"""A deployment's ledger and records in their store."""

from typing import TypeVar

from pydantic import ValidationError

from releases.ledger import Ledger
from releases.record import Document, Refused, Release
from releases.store import Changed, Store

LEDGER = "ledger.json"
Found = TypeVar("Found", bound=Document)


class Books:
    """What is written of one deployment. Raises `Refused`, besides what its store raises."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._tag: str | None = None

    def ledger(self) -> Ledger:
        """As it is now. The next `keep` replaces this one, and no other."""
        found = self.store.read(LEDGER)
        self._tag = found[1] if found else None
        return _parsed(Ledger, found[0], LEDGER) if found else Ledger()

    def keep(self, ledger: Ledger) -> Ledger:
        """Raises `Refused` where somebody else has written since `ledger` was read."""
        try:
            self._tag = self.store.write(LEDGER, ledger.text(), self._tag)
        except Changed:
            raise Refused(
                "Somebody else releases or rolls back here at this moment: look at `make releases`."
            ) from None
        return ledger

    def is_as_kept(self) -> bool:
        """Whether nobody has written since."""
        found = self.store.read(LEDGER)
        return (found[1] if found else None) == self._tag

    def release(self, number: int) -> Release:
        key = f"records/{number}.json"
        if (found := self.store.read(key)) is None:
            raise Refused(f"The record of release {number} is gone from the bucket: {key}.")
        return _parsed(Release, found[0], key)

    def file(self, release: Release) -> Release:
        """The record as it is kept: with the next number that is free, since a number may be taken by a run that died
        before the ledger had it."""
        while True:
            try:
                self.store.write(f"records/{release.number}.json", release.text(), None)
            except Changed:
                release = release.model_copy(update={"number": release.number + 1})
            else:
                return release


def _parsed(kind: type[Found], content: bytes, key: str) -> Found:
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise Refused(
            f"{key} cannot be read: it is of another version of this program, or was edited. "
            f"{error.errors()[0]['msg']}"
        ) from None
