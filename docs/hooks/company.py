"""Additions: people add each other only inside their company, which their ids end with (`alice@acme.example`)."""

from chat.hooks import Member, Person, Refuse, Room


def may_add(inviter: Member, person: Person, room: Room) -> None:
    if "admin" in inviter.roles:
        return
    if company(person.user_id) != company(inviter.user_id or ""):
        raise Refuse("otherCompany", "You can only add people of your own company.")


def company(user_id: str) -> str:
    return user_id.rpartition("@")[2]
