"""One client's life in a room's story: behind a network that breaks, on the real API."""

from dataclasses import dataclass
from random import Random

from simulator.subscriptions import Selection
from tests.guarantees.catch_up.faulty_client import NO_FAULTS, Faults, FaultyClient, Wrong
from tests.guarantees.catch_up.follower import COMPARE_S
from tests.guarantees.catch_up.follower_events import Accepted, Head, Message, Subscribe
from tests.guarantees.support.backend import Backend, Denied, outcome

WAITS = [0.05, 0.2, 0.6, 1.0, COMPARE_S]
MOST_STEPS = 5_000
"""A client that is not done after so many steps without any fault will never be."""


@dataclass(slots=True, eq=False)
class Life:
    """A client, its dice, and its subscription between its resolver's yes and its first frame."""

    backend: Backend
    room_id: str
    client: FaultyClient
    dice: Random
    limit: int
    cuts: float
    judged: tuple[int, Selection] | None = None

    @classmethod
    def begin(cls, backend: Backend, room_id: str, user: str, dice: Random) -> "Life":
        """How badly it goes, and how small the pages are, is up to the dice too."""
        bad = dice.choice([0.0, 0.05, 0.2, 0.5])
        faults = Faults(
            lost=bad * dice.random(),
            twice=bad * dice.random(),
            overtaken=dice.choice([0.0, 0.3, 0.9]),
            unanswered=0.3 * bad * dice.random(),
        )
        life = cls(
            backend,
            room_id,
            FaultyClient(user, dice, faults),
            dice,
            dice.randint(1, 5),
            dice.choice([0, 0.02, 0.1]),
        )
        life.client.begin()
        return life

    async def go_on(self) -> None:
        """One step: something is asked, goes live, arrives, is cut, or time passes."""
        client = self.client
        if self.dice.random() < self.cuts:
            self.judged = None
            client.cut()
            return
        steps = [
            *["ask"] * (2 * (client.request is not None)),
            *["go live"] * (3 * (self.judged is not None)),
            *["frame"] * (4 * bool(client.frames)),
            *["answer"] * (4 * bool(client.answers)),
            "wait",
        ]
        step = self.dice.choice(steps)
        if step == "ask":
            await self._ask()
        elif step == "go live":
            self._go_live()
        elif step == "frame":
            client.receive_frame()
        elif step == "answer":
            client.receive_answer()
        else:
            client.wait(self.dice.choices(WAITS, [8, 8, 4, 2, 0.5])[0])

    async def _ask(self) -> None:
        request, self.client.request = self.client.request, None
        if isinstance(request, Subscribe):
            try:
                selection = await self.backend.judge(self.client.user, self.room_id, request.epoch)
            except Denied as denied:
                self.client.answer(outcome(request.number, denied))
            else:
                self.judged = (request.number, selection)
        elif request is not None:
            self.client.answer(await self.backend.read(self.client.user, self.room_id, request, self.limit))

    def _go_live(self) -> None:
        """The subscription that was judged takes the place of the one before; its acceptance is on its way."""
        if self.judged:
            (number, selection), self.judged = self.judged, None
            self.client.hang_up()
            self.client.hang_up = self.backend.listen(selection, self.client.send_frame)
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
            elif self.judged:
                self._go_live()
            elif client.frames:
                client.receive_frame()
            elif client.answers:
                client.receive_answer()
            elif client.follower.is_stopped or client.follower.is_quiet:
                return
            else:
                client.wait(COMPARE_S)
        raise Wrong("never done")

    def check(self, messages: dict[int, Message], gone_at: Head | None) -> None:
        """Whoever is in shows what a fresh fetch gives; whoever went has stopped, and shows nothing of what came after."""
        shown = self.client.screen.messages
        if list(shown) != sorted(shown):
            raise Wrong(f"shown in the order {list(shown)}")
        if gone_at is None:
            if self.client.follower.is_stopped:
                raise Wrong("has stopped though its person is in the room")
            for seq in sorted(shown.keys() | messages.keys()):
                if shown.get(seq) != messages.get(seq):
                    raise Wrong(f"shows {shown.get(seq)} and not {messages.get(seq)}")
            return
        if not self.client.follower.is_stopped:
            raise Wrong("goes on though its person is not in the room")
        late = [seq for seq, each in shown.items() if seq > gone_at.seq or (each["rev"] or 0) > gone_at.rev]
        if late:
            raise Wrong(f"shows {late}, of after its person went")

    def end(self) -> None:
        self.client.hang_up()
