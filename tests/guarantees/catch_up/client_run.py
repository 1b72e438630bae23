"""One client while a room's script runs: behind a network that breaks, on the real API."""

from dataclasses import dataclass
from random import Random

from simulator.subscriptions import Selection
from tests.guarantees.catch_up.faulty_client import NO_FAULTS, Faults, FaultyClient, WrongView
from tests.guarantees.catch_up.follower import COMPARE_S
from tests.guarantees.catch_up.follower_events import Accepted, Head, Message, Subscribe
from tests.guarantees.support.backend import Backend, Denied, outcome

WAITS = [0.05, 0.2, 0.6, 1.0, COMPARE_S]
MOST_STEPS = 5_000
"""A client that is not done after so many steps without any fault will never be."""


@dataclass(slots=True, eq=False)
class ClientRun:
    """A client, its random numbers, and its subscription between acceptance
    by the resolver and its first frame."""

    backend: Backend
    room_id: str
    client: FaultyClient
    rng: Random
    limit: int
    cuts: float
    accepted: tuple[int, Selection] | None = None

    @classmethod
    def begin(cls, backend: Backend, room_id: str, user: str, rng: Random) -> "ClientRun":
        """How many faults there are, and how small the pages are, is random too."""
        bad = rng.choice([0.0, 0.05, 0.2, 0.5])
        faults = Faults(
            lost=bad * rng.random(),
            twice=bad * rng.random(),
            overtaken=rng.choice([0.0, 0.3, 0.9]),
            unanswered=0.3 * bad * rng.random(),
        )
        run = cls(
            backend,
            room_id,
            FaultyClient(user, rng, faults),
            rng,
            rng.randint(1, 5),
            rng.choice([0, 0.02, 0.1]),
        )
        run.client.begin()
        return run

    async def go_on(self) -> None:
        """One step: a request is made, a subscription goes live, a frame or an answer
        arrives, the socket is cut, or time passes."""
        client = self.client
        if self.rng.random() < self.cuts:
            self.accepted = None
            client.cut()
            return
        steps = [
            *["ask"] * (2 * (client.request is not None)),
            *["go live"] * (3 * (self.accepted is not None)),
            *["frame"] * (4 * bool(client.frames)),
            *["answer"] * (4 * bool(client.answers)),
            "wait",
        ]
        step = self.rng.choice(steps)
        if step == "ask":
            await self._ask()
        elif step == "go live":
            self._go_live()
        elif step == "frame":
            client.receive_frame()
        elif step == "answer":
            client.receive_answer()
        else:
            client.wait(self.rng.choices(WAITS, [8, 8, 4, 2, 0.5])[0])

    async def _ask(self) -> None:
        request, self.client.request = self.client.request, None
        if isinstance(request, Subscribe):
            try:
                selection = await self.backend.accept(self.client.user, self.room_id, request.epoch)
            except Denied as denied:
                self.client.answer(outcome(request.number, denied))
            else:
                self.accepted = (request.number, selection)
        elif request is not None:
            self.client.answer(await self.backend.read(self.client.user, self.room_id, request, self.limit))

    def _go_live(self) -> None:
        """The subscription that was accepted takes the place of the one
        before; its acceptance is on its way."""
        if self.accepted:
            (number, selection), self.accepted = self.accepted, None
            self.client.unsubscribe()
            self.client.unsubscribe = self.backend.listen(selection, self.client.send_frame)
            self.client.answer(Accepted(number))

    async def settle(self, *, is_in: bool) -> None:
        """Nothing goes wrong any more, until a comparison of heads finds that nothing is missing."""
        self.client.faults = NO_FAULTS
        await self._drain()
        if self.client.follower.is_stopped and is_in:  # a refusal that came late: it is opened again
            self.client.begin()
            await self._drain()
        self.client.wait(COMPARE_S)
        await self._drain()

    async def _drain(self) -> None:
        client = self.client
        for _ in range(MOST_STEPS):
            if client.request is not None:
                await self._ask()
            elif self.accepted:
                self._go_live()
            elif client.frames:
                client.receive_frame()
            elif client.answers:
                client.receive_answer()
            elif client.follower.is_stopped or client.follower.is_quiet:
                return
            else:
                client.wait(COMPARE_S)
        raise WrongView("never done")

    def check(self, messages: dict[int, Message], removed_at: Head | None) -> None:
        """A member shows what a fresh fetch gives, whatever epoch each was told in; who lost access has stopped,
        and shows nothing committed afterwards."""
        shown = self.client.view.messages
        if list(shown) != sorted(shown):
            raise WrongView(f"shown in the order {list(shown)}")
        if removed_at is None:
            if self.client.follower.is_stopped:
                raise WrongView("has stopped though its user is a member")
            for seq in sorted(shown.keys() | messages.keys()):
                if content(shown.get(seq)) != content(messages.get(seq)):
                    raise WrongView(f"shows {shown.get(seq)} and not {messages.get(seq)}")
            return
        if not self.client.follower.is_stopped:
            raise WrongView("goes on though its user is no member")
        late = [
            seq for seq, each in shown.items() if seq > removed_at.seq or (each["rev"] or 0) > removed_at.rev
        ]
        if late:
            raise WrongView(f"shows {late}, committed after its user lost access")

    def end(self) -> None:
        self.client.unsubscribe()


def content(message: Message | None) -> Message | None:
    """What a client shows of a message. The epoch only says which subscriptions hear it: what is told once more, by a repeated
    send or a change that changes nothing, has the room's of now (`chat.rules.generations.published_again`)."""
    return None if message is None else {**message, "epoch": None}
