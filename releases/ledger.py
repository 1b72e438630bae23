"""Which releases a deployment has, which of them is live, and the move between two that may be under way.

Pure: each function answers a new ledger, or raises `Refused` with a sentence. An intention is written before the first
alias moves and its end after the last, so whoever finds a move in the ledger can end it.
"""

from typing import Literal

from releases.canary import Canary
from releases.record import Document, Refused, Release

REMEMBERED = 50
"""How many releases back one can go. Versions are kept by Lambda until somebody deletes them."""


class Move(Document):
    """All aliases are on their way to the release `to`: `forward` to a new one, or `back` to one that was live."""

    kind: Literal["forward", "back"]
    to: int
    canary: Canary | None = None


class Ledger(Document):
    """`live`: the releases that were live one after the other and were not taken back; the last one is live now.

    `made`: the newest. `taken_back`: the newest when somebody last went back; it does not go live again by itself.
    """

    made: int = 0
    taken_back: int = 0
    live: tuple[int, ...] = ()
    proven: tuple[int, ...] = ()
    move: Move | None = None

    @property
    def present(self) -> int:
        """The release that is live, or that was when the move under way began. Raises `Refused` where there is none."""
        if not self.live:
            raise Refused("There is no release yet.")
        return self.live[-1]

    @property
    def under_way(self) -> Move:
        """Raises `Refused` where no move is under way."""
        if self.move is None:
            raise Refused("Nothing is under way.")
        return self.move


def added(ledger: Ledger, number: int) -> Ledger:
    """With a new release. Raises `Refused` while a move is under way."""
    if ledger.move is not None:
        raise Refused(_under_way(ledger.move))
    return _with(ledger, made=number)


def adopted(ledger: Ledger) -> Ledger:
    """The newest release is live without a move, since the aliases point to it already."""
    return _with(ledger, live=(*ledger.live, ledger.made)[-REMEMBERED:])


def begun(ledger: Ledger, canary: Canary | None) -> Ledger:
    """On the way to the newest release, or still on it. Raises `Refused` where it is live, or where another move is
    under way."""
    if ledger.move is not None:
        if ledger.move.kind == "forward" and ledger.move.to == ledger.made:
            return ledger
        raise Refused(_under_way(ledger.move))
    if ledger.made in ledger.live:
        raise Refused(f"Release {ledger.made} is live already: there is nothing to move.")
    if ledger.made == 0:
        raise Refused("There is no release yet.")
    if ledger.made <= ledger.taken_back:
        raise Refused(f"Release {ledger.made} was taken back: deploy or promote once more for a new one.")
    if canary is not None and not ledger.live:
        raise Refused("No release is live that could take the rest of the calls: go without a canary.")
    return _with(ledger, move=Move(kind="forward", to=ledger.made, canary=canary))


def begun_back(ledger: Ledger) -> Ledger:
    """On the way to the release before; where a newer one was on its way, to the one that was live when that began.

    Raises `Refused` where there is none.
    """
    if ledger.move is not None and ledger.move.kind == "back":
        return ledger
    if ledger.move is not None and ledger.live:
        return _with(ledger, taken_back=ledger.made, move=Move(kind="back", to=ledger.present))
    if len(ledger.live) < 2:
        raise Refused(f"There is no release before {ledger.present}: nothing was moved.")
    return _with(ledger, taken_back=ledger.made, move=Move(kind="back", to=ledger.live[-2]))


def watched(ledger: Ledger, canary: Canary) -> Ledger:
    """The same move, as the last look at the alarms left it."""
    return _with(ledger, move=ledger.under_way.model_copy(update={"canary": canary}))


def arrived(ledger: Ledger) -> Ledger:
    """All aliases are where the move brings them."""
    move = ledger.under_way
    if move.kind == "forward":
        live = (*ledger.live, move.to)[-REMEMBERED:]
    else:
        live = ledger.live[: ledger.live.index(move.to) + 1]
    return _with(ledger, live=live, move=None)


def proved(ledger: Ledger) -> Ledger:
    """The release that is live has passed its smoke test. Raises `Refused` while a move is under way."""
    if ledger.move is not None:
        raise Refused(_under_way(ledger.move))
    return _with(ledger, proven=tuple(sorted({*ledger.proven, ledger.present}))[-REMEMBERED:])


def promotable(ledger: Ledger, release: Release, environment: str) -> None:
    """Whether what is live in `environment`, `release`, may go on to the next deployment. Raises `Refused`."""
    if ledger.move is not None:
        raise Refused(f"{environment}: {_under_way(ledger.move)}")
    named = f"Release {release.number} of {environment}"
    if release.number not in ledger.proven:
        raise Refused(f"{named} is live, but nothing has proven it: its smoke test has not passed.")
    if not release.commit or not release.clean:
        raise Refused(f"{named} was made of files that no commit holds: deploy a commit to {environment}.")
    if environment != "dev" and release.came_from is None:
        raise Refused(
            f"{named} was not promoted, so dev has not proven it: promote a release to {environment}."
        )


def _under_way(move: Move) -> str:
    end = "`make release-go`" if move.kind == "forward" else "`make rollback`"
    other = ", or `make rollback` to go back" if move.kind == "forward" else ""
    return f"A move {move.kind} to release {move.to} is under way: {end} ends it{other}."


def _with(ledger: Ledger, **changed: object) -> Ledger:
    return ledger.model_copy(update=changed)
