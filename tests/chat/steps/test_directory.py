"""A team's directory: asked for many at once, remembered for a while, and never what a call fails for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chat.rules.hooks import Answer, HookFailed, Name, Question, Runner
from chat.rules.people import NOTHING_KNOWN, Profile
from chat.rules.tally import Tally
from chat.steps.directory import KNOWN_S, SPARED_S, Directory
from tests.guarantees.support.fixtures import Clock

HOSTS = frozenset({"pictures.example.com"})


@dataclass
class Team:
    """What the function of the team's says, which is asked within this process."""

    says: Callable[[Sequence[str]], Answer]
    asked: list[list[str]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def directory(self, clock: Clock) -> Directory:
        return Directory(lambda: Runner(self._ask, self._report), HOSTS, clock.monotonic)

    def _ask(self, name: Name, questions: Sequence[Question]) -> Sequence[Answer]:
        assert name == "people"
        (question,) = questions
        self.asked.append(question["user_ids"])
        return [self.says(question["user_ids"])]

    def _report(self, name: Name, failure: HookFailed) -> None:
        self.failures.append((name, failure.error))


def named(user_ids: Sequence[str]) -> Answer:
    return {
        "people": {each: {"name": each.title(), "avatar_url": None} for each in user_ids if each != "nobody"}
    }


def fails(_: Sequence[str]) -> Answer:
    raise HookFailed("TimedOut", replaced=True)


def test_all_who_are_not_known_are_asked_about_at_once() -> None:
    team, clock, tally = Team(named), Clock(), Tally()
    directory = team.directory(clock)
    found = directory.people(["ann", "nobody"], tally)
    assert found == {"ann": Profile(name="Ann"), "nobody": NOTHING_KNOWN}
    assert directory.people(["nobody", "bob", "ann"], tally)["bob"] == Profile(name="Bob")
    assert directory.people([], tally) == {}
    assert team.asked == [["ann", "nobody"], ["bob"]]


def test_what_was_said_holds_for_five_minutes() -> None:
    team, clock = Team(named), Clock()
    directory = team.directory(clock)
    directory.people(["ann"], Tally())
    clock.sleep(KNOWN_S)
    directory.people(["ann"], Tally())
    assert len(team.asked) == 1
    clock.sleep(0.001)
    directory.people(["ann"], Tally())
    assert len(team.asked) == 2


def test_a_directory_that_fails_names_whom_it_named_last_and_is_spared_for_a_moment() -> None:
    team, clock, tally = Team(named), Clock(), Tally()
    directory = team.directory(clock)
    directory.people(["ann"], tally)
    clock.sleep(KNOWN_S + 1)
    team.says = fails
    both = {"ann": Profile(name="Ann"), "bob": NOTHING_KNOWN}
    assert directory.people(["ann", "bob"], tally) == both
    clock.sleep(SPARED_S - 0.001)
    assert directory.people(["ann", "bob"], tally) == both
    assert (len(team.asked), tally["DirectoryFailures"], team.failures) == (2, 1, [("people", "TimedOut")])
    team.says = named
    clock.sleep(0.001)
    assert directory.people(["ann", "bob"], tally)["bob"] == Profile(name="Bob")


def test_a_hook_that_raises_is_a_failure() -> None:
    team, tally = Team(lambda _: {"failed": {"error": "KeyError", "at": "team.py:3"}}), Tally()
    assert team.directory(Clock()).people(["ann"], tally) == {"ann": NOTHING_KNOWN}
    assert (tally["DirectoryFailures"], team.failures) == (1, [("people", "KeyError")])


def test_names_and_addresses_pass_the_rules_of_everybodys() -> None:
    said: dict[str, Any] = {
        "long": {"name": "x" * 101, "avatar_url": "https://elsewhere.example.com/a"},
        "plain": {"name": " Ann \n Lee\u202e", "avatar_url": "https://pictures.example.com/a"},
        "blank": {"name": "\u200b", "avatar_url": "http://pictures.example.com/a"},
        "absent": {"name": None, "avatar_url": None},
    }
    found = Team(lambda _: {"people": said}).directory(Clock()).people([*said], Tally())
    assert found == {
        "long": NOTHING_KNOWN,
        "plain": Profile(name="Ann Lee", avatar_url="https://pictures.example.com/a"),
        "blank": NOTHING_KNOWN,
        "absent": NOTHING_KNOWN,
    }
