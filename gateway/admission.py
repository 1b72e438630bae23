"""Which connections without an accepted token stay, without I/O.

They have a budget of their own, so that they never keep out those with a token: whoever comes when it is used
up displaces the oldest of the address that has the most. An address is what one customer of a provider has: an
IPv4 address, or the first 64 bits of an IPv6 address.

    waiting ──a token came──▶ verifying ──accepted──▶ known
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

ARRIVAL = "chat.arrival"
"""The name in ASGI's `scope["state"]` under which the application finds its connection's `Arrival`."""


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """How many connections may wait without a token, in all and from one address; how many one address may
    have beside these; how many seconds a connection has to bring a token."""

    waiting: int = 5_000
    waiting_per_address: int = 2_500
    per_address: int = 10_000
    seconds: float = 5.0


@dataclass(eq=False, slots=True)
class Arrival:
    """One connection. `address`: "" while it is not known. `since`: the monotonic instant at which it came,
    or had its last answer. `displace` ends it at once."""

    admission: "Admission"
    address: str
    since: float
    displace: Callable[[], None]
    state: Literal["waiting", "verifying", "known", "gone"] = "waiting"

    def locate(self, address: str) -> bool:
        """It comes from this address; whether the address may have another connection."""
        self.admission.locate(self, address)
        return self.admission.others[address] < self.admission.limits.per_address

    def verifying(self) -> None:
        """It has brought a token."""
        if self.state == "waiting":
            self.admission.move(self, "verifying")

    def known(self) -> None:
        """Its token was accepted."""
        if self.state != "gone":
            self.admission.move(self, "known")

    def left(self) -> None:
        self.admission.move(self, "gone")


class Admission:
    """One process's. `displaced` is called for each connection that has to go."""

    def __init__(self, limits: AdmissionLimits, displaced: Callable[[], None] = lambda: None) -> None:
        self.limits = limits
        self.waiting = 0
        """How many wait without a token."""
        self.known = 0
        """How many have an accepted token."""
        self.others: Counter[str] = Counter()
        """By address, how many have brought a token."""
        self._waiting: dict[str, dict[Arrival, None]] = {}
        """By address, the oldest first."""
        self._displaced = displaced

    def arrived(self, address: str, now: float, displace: Callable[[], None]) -> Arrival:
        """A connection came, from this address ("": that is known later)."""
        arrival = Arrival(self, address, now, displace)
        self._enqueue(arrival)
        return arrival

    def locate(self, arrival: Arrival, address: str) -> None:
        if arrival.state == "waiting" and arrival.address != address:
            self._dequeue(arrival)
            arrival.address = address
            self._enqueue(arrival)

    def move(self, arrival: Arrival, state: Literal["verifying", "known", "gone"]) -> None:
        before, arrival.state = arrival.state, state
        if before == "waiting":
            self._dequeue(arrival)
        elif before != "gone":
            self.others[arrival.address] -= 1
            if not self.others[arrival.address]:
                del self.others[arrival.address]
        if state != "gone":
            self.others[arrival.address] += 1
        self.known += (state == "known") - (before == "known")

    def _enqueue(self, arrival: Arrival) -> None:
        self._waiting.setdefault(arrival.address, {})[arrival] = None
        self.waiting += 1
        if arrival.address and len(self._waiting[arrival.address]) > self.limits.waiting_per_address:
            self._displace_oldest(arrival.address)
        elif self.waiting > self.limits.waiting:
            self._displace_oldest(max(self._waiting, key=lambda address: len(self._waiting[address])))

    def _dequeue(self, arrival: Arrival) -> None:
        of_address = self._waiting[arrival.address]
        del of_address[arrival]
        if not of_address:
            del self._waiting[arrival.address]
        self.waiting -= 1

    def _displace_oldest(self, address: str) -> None:
        oldest = next(iter(self._waiting[address]))
        self._displaced()
        self.move(oldest, "gone")
        oldest.displace()


def address_of(peer: str, forwarded: Sequence[str], proxies: int) -> str:
    """The address of a client whose connection comes from `peer`, behind so many proxies, each of which
    appends to `X-Forwarded-For` where it was connected from. What stands before their entries, the client
    itself has written. Where there are fewer or no addresses, it is the peer's."""
    entries = [entry.strip() for header in forwarded for entry in header.split(",")]
    named = _parsed(entries[-proxies]) if 0 < proxies <= len(entries) else None
    address = named or _parsed(peer)
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> 64 << 64)) + "/64"
    return str(address) if address else peer


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Some proxies write a port, and brackets about an IPv6 address."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
