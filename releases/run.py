"""The operator's commands: record what was published, go to it, go back, prove it, bring its bytes to another deployment."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from releases import ledger as ledgers
from releases import packages
from releases.alarms import Alarms
from releases.aliases import Aliases, Target, settle, targets, weighted
from releases.books import Books
from releases.canary import Canary, Finish, Revert, look, ringing
from releases.ledger import Ledger
from releases.record import Deployed, Function, Origin, Refused, Release, Rights, check_bytes
from releases.rights import how_to_keep, known, lacking, named

LOOK_EVERY_S = 20.0


class Reverted(Exception):
    """The canary was reverted: the release before is live. The text says why."""


class Unsettled(Exception):
    """Some aliases are not where they have to be; the text names them, and what to do."""


@dataclass(frozen=True)
class Source:
    """The deployment that a release comes from."""

    environment: str
    books: Books

    def release(self) -> Release:
        """What is live there, if it may go on. Raises `Refused`."""
        ledger = self.books.ledger()
        release = self.books.release(ledger.present)
        ledgers.promotable(ledger, release, self.environment)
        return release


@dataclass(frozen=True)
class Operator:
    """One deployment's releases. `aliases` and `alarms` are made for a record, which says in which region they are; `tell`
    takes lines for a person; `sleep` takes seconds."""

    books: Books
    aliases: Callable[[Deployed], Aliases]
    alarms: Callable[[Deployed], Alarms]
    tell: Callable[[str], None]
    lose_rights: bool = False
    """Go on where functions that have calls lose rights: they are named, and not refused."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    seconds: Callable[[], float] = time.monotonic

    def record(
        self,
        deployed: Deployed,
        commit: str,
        *,
        clean: bool,
        folder: Path | None,
        source: Source | None = None,
        rights: Mapping[str, Rights] | None = None,
    ) -> Release:
        """The release that `deployed` is: a new one, or the newest if that is of the same. No alias is moved.

        Packages are brought from `folder`, and with a `source` are held to what that has proven. Raises `Refused`.
        """
        origin = source.release() if source else None
        if source and origin:
            check_bytes(deployed, origin, source.environment)
        ledger = self.books.ledger()
        if ledger.made > ledger.taken_back:
            newest = self.books.release(ledger.made)
            same = newest.is_made_of(deployed, commit, rights or {})
            if same and (newest.came_from is None) == (source is None):
                self.tell(f"Release {newest.number} is this already.")
                return newest
        if folder is not None:
            packages.put(self.books.store, folder, deployed.files())
        if not ledger.live:
            ledger = self._adopted(ledger, deployed)
        release = self.books.file(
            Release(
                **deployed.model_dump(),
                number=ledger.made + 1,
                commit=commit,
                clean=clean,
                made_at=self.now(),
                came_from=_origin(source, origin),
                rights=rights or {},
            )
        )
        ledger = ledgers.added(ledger, release.number)
        self.books.keep(ledger if ledger.live else ledgers.adopted(ledger))
        self.tell(f"Release {release.number}: {len(release.functions)} functions of {commit[:12]}.")
        return release

    def _adopted(self, ledger: Ledger, deployed: Deployed) -> Ledger:
        """Before the first release: with what the aliases point to, where that is not `deployed` itself."""
        aliases = self.aliases(deployed)
        there = {module: aliases.read(each.name) for module, each in deployed.functions.items()}
        if any(target.other for target in there.values()):
            raise Refused(
                "Some aliases send a share of the calls elsewhere: end that before the first release."
            )
        if all(there[module].version == each.version for module, each in deployed.functions.items()):
            return ledger
        functions = {
            module: Function(
                name=each.name,
                version=there[module].version,
                code_sha256=aliases.code_sha256(each.name, there[module].version),
            )
            for module, each in deployed.functions.items()
        }
        found = deployed.model_copy(update={"functions": functions})
        release = self.books.file(
            Release(**found.model_dump(), number=ledger.made + 1, commit="", clean=False, made_at=self.now())
        )
        self.tell(f"Release {release.number}: what was live before there were releases.")
        return ledgers.adopted(ledgers.added(ledger, release.number))

    def check_rights(self, granted: Mapping[str, Rights]) -> None:
        """Before Terraform applies `granted`. Raises `Refused` where that takes what a release that has calls needs, unless
        rights may be lost."""
        ledger = self.books.ledger()
        if not ledger.live:
            return
        for number in sorted({ledger.present, ledger.move.to if ledger.move else ledger.present}):
            needed = self.books.release(number).rights
            if lacked := lacking(needed, granted):
                sentence = (
                    f"Release {number} has calls and needs rights that this takes away: {named(lacked)}."
                )
                if not self.lose_rights:
                    raise Refused(f"{sentence} {how_to_keep(lacked)}")
                self.tell(sentence)
            elif unsure := lacking(needed, known(granted)):
                self.tell(f"Whether release {number} keeps these shows when it is applied: {named(unsure)}.")

    def go(self, canary: Canary | None) -> Ledger:
        """All aliases to the newest release, or on with a move to it that was begun. Raises `Refused`, `Reverted`, and
        `Unsettled`."""
        ledger = self.books.ledger()
        if ledger.move is None and ledger.made and ledger.live and ledger.live[-1] == ledger.made:
            self.tell(f"Release {ledger.made} is live.")
            return ledger
        fresh = ledger.move is None
        ledger = ledgers.begun(ledger, canary)
        to = self.books.release(ledger.made)
        if fresh and canary is not None:
            self._check_canary(self.books.release(ledger.present), to)
        ledger = self.books.keep(ledger)
        if (begun := ledger.under_way.canary) is not None:
            ledger = self._watch(ledger, to, begun)
        return self._arrive(ledger)

    def back(self) -> Ledger:
        """All aliases to the release before, or on with that. Raises `Refused`, also where that lacks rights, unless it has
        calls or rights may be lost; and `Unsettled`."""
        found = self.books.ledger()
        ledger = ledgers.begun_back(found)
        to, newest = self.books.release(ledger.under_way.to), self.books.release(ledger.made)
        if lacked := lacking(to.rights, newest.rights):
            sentence = f"Release {to.number} fails where its rights are gone: {named(lacked)}."
            if found.move is None and not self.lose_rights:
                raise Refused(
                    f"{sentence} LOSE_RIGHTS=true goes back all the same; otherwise deploy a repaired release."
                )
            self.tell(sentence)
        return self._arrive(self.books.keep(ledger))

    def prove(self) -> None:
        ledger = self.books.keep(ledgers.proved(self.books.ledger()))
        self.tell(f"Release {ledger.present} is proven.")

    def drift(self) -> list[str]:
        """Functions whose alias is elsewhere than where the live release has it; none while a move is under way. Raises
        `Refused` where there is no release."""
        ledger = self.books.ledger()
        if ledger.move is not None:
            self.tell(f"A move {ledger.move.kind} to release {ledger.move.to} is under way.")
            return []
        live = self.books.release(ledger.present)
        proof = "proven" if live.number in ledger.proven else "not proven"
        self.tell(f"Release {live.number} is live, of commit {live.commit or 'unknown'}, {proof}.")
        aliases = self.aliases(live)
        wanted = targets(live, self.books.release(ledger.made))
        return [name for name, target in sorted(wanted.items()) if aliases.read(name) != target]

    def _check_canary(self, live: Release, to: Release) -> None:
        if lacked := lacking(live.rights, to.rights):
            raise Refused(
                f"Release {live.number} would keep calls without its rights: {named(lacked)}. Go without a canary."
            )
        if not to.alarms:
            raise Refused("The release names no alarm that could revert a canary: go without one.")
        if rings := ringing(to.alarms, self.alarms(to).states(to.alarms)):
            raise Refused(f"In alarm before the canary began: {', '.join(rings)}. Mend that first.")

    def _watch(self, ledger: Ledger, to: Release, canary: Canary) -> Ledger:
        """Until the canary is through. Raises `Reverted` when all aliases are back, and as `go` does."""
        live = self.books.release(ledger.present)
        alarms = self.alarms(to)
        applied: float | None = None
        while True:
            canary, decision = look(canary, to.alarms, alarms.states(to.alarms), self.now())
            if isinstance(decision, Revert):
                self._arrive(self.books.keep(ledgers.begun_back(ledger)))
                raise Reverted(f"Release {to.number} was taken back. {decision.reason}")
            ledger = self.books.keep(ledgers.watched(ledger, canary))
            if isinstance(decision, Finish):
                return ledger
            if decision.weight != applied:
                wanted = weighted(live, to, decision.weight)
                self._settle(to, wanted, frozenset(name for name, each in wanted.items() if each.other))
                applied = decision.weight
                self.tell(f"Release {to.number} has {applied:.0%} of the calls.")
            self.sleep(LOOK_EVERY_S)

    def _arrive(self, ledger: Ledger) -> Ledger:
        to, newest = self.books.release(ledger.under_way.to), self.books.release(ledger.made)
        wanted = targets(to, newest)
        others = (newest, self.books.release(ledger.present))
        self._settle(to, wanted, _differing(wanted, others))
        ledger = self.books.keep(ledgers.arrived(ledger))
        self.tell(f"Release {to.number} is live.")
        if to.schema_sha256 != newest.schema_sha256:
            self.tell(f"The schema stays that of release {newest.number}.")
        return ledger

    def _settle(self, to: Release, wanted: Mapping[str, Target], first: frozenset[str]) -> None:
        began = self.seconds()

        def progress(done: int, of: int) -> None:
            self.tell(f"{done} of {of} aliases moved after {self.seconds() - began:.1f} s.")

        settled = settle(self.aliases(to), wanted, first, self.books.is_as_kept, progress)
        if settled.failed:
            names = ", ".join(f"{name} ({code})" for name, code in sorted(settled.failed.items()))
            raise Unsettled(f"Not where they have to be: {names}. The same command once more goes on.")
        self.tell(f"{len(wanted)} aliases read back after {self.seconds() - began:.1f} s: all stand.")


def _origin(source: Source | None, release: Release | None) -> Origin | None:
    return Origin(environment=source.environment, number=release.number) if source and release else None


def _differing(wanted: Mapping[str, Target], others: tuple[Release, ...]) -> frozenset[str]:
    """The functions that may point elsewhere: those of which any of `others` has another version."""
    return frozenset(
        each.name
        for other in others
        for each in other.functions.values()
        if each.name in wanted and wanted[each.name].version != each.version
    )
