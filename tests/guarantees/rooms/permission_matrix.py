"""Who may do what, written down by hand: what the test of permissions expects, and what it prints.

A column is what a user is to the room. The first eight are of a private room; `visitor`, `leaver` and
`barred` never were members of a public room, left it, and are banned from it; `admin` and `gateway` have that
platform role and are no members.

    +       it is done, and something has changed
    =       it is answered, and nothing has changed: a read, or what is so already
    .       `NotRoomMember`, in the same words as where there is no such room
    left    it is answered that the caller is no member, and nothing about the room
    muted   `Muted`
    others  `NotAllowed`, with this `reason`
"""

EXPECTED = """
request                               owner     moderator member    muted     left  banned invited stranger visitor leaver barred admin     gateway

messages                              =         =         =         =         .     .      .       .        .       .      .      =         =
messagesById                          =         =         =         =         .     .      .       .        .       .      .      =         =
around                                =         =         =         =         .     .      .       .        .       .      .      =         =
pins                                  =         =         =         =         .     .      .       .        .       .      .      =         =
changes                               =         =         =         =         .     .      .       .        .       .      .      =         =
room                                  =         =         =         =         .     .      =       .        =       =      .      =         =
members                               =         =         =         =         .     .      .       .        .       .      .      =         =
members who are banned                =         =         role      role      .     .      .       .        .       .      .      =         .
members who are invited               =         =         role      role      .     .      .       .        .       .      .      =         .
receipts                              =         =         =         =         .     .      .       .        .       .      .      =         =
presence                              =         =         =         =         .     .      .       .        .       .      .      =         =
delivery                              =         =         role      role      .     .      .       .        .       .      .      =         .
attachment                            =         =         =         =         .     .      .       .        .       .      .      =         =
myMentions                            =         =         =         =         .     .      .       .        .       .      .      .         .
reactions                             =         =         =         =         .     .      .       .        .       .      .      =         =
myReactions                           =         =         =         =         .     .      .       .        .       .      .      =         =
people                                =         =         =         =         .     .      .       .        .       .      .      =         =
searchPeople                          =         =         =         =         .     .      .       .        .       .      .      =         =
avatar                                =         =         =         =         .     .      .       .        .       .      .      =         =
sync                                  =         =         =         =         =     =      =       =        =       =      =      =         =
myRooms                               =         =         =         =         =     =      =       =        =       =      =      =         =
drafts                                =         =         =         =         =     =      =       =        =       =      =      =         =
blocks                                =         =         =         =         =     =      =       =        =       =      =      =         =
me                                    =         =         =         =         =     =      =        =        =        =      =      =         =
onMessage                             =         =         =         =         .     .      .       .        .       .      .      .         =
onReceipt                             =         =         =         =         .     .      .       .        .       .      .      .         =
onTyping                              =         =         =         =         .     .      .       .        .       .      .      .         =

sendMessage                           +         +         +         muted     .     .      .       .        .       .      .      .         .
sendMessage to everybody              +         +         role      role      .     .      .       .        .       .      .      .         .
editMessage of one's own              +         +         +         muted     .     .      .       .        .       .      .      .         .
editMessage of a member's             notYours  notYours  notYours  notYours  .     .      .       .        .       .      .      .         .
removeMessage of one's own            +         +         +         +         .     .      .       .        .       .      .      +         .
removeMessage of a member's           +         +         role      role      .     .      .       .        .       .      .      +         .
removeMessage of an owner's           +         +         role      role      .     .      .       .        .       .      .      +         .
react                                 +         +         +         muted     .     .      .       .        .       .      .      .         .
pinMessage of a member's              +         +         role      role      .     .      .       .        .       .      .      .         .
unpinMessage of a member's            =         =         role      role      .     .      .       .        .       .      .      .         .
saveDraft                             +         +         +         +         .     .      .       .        .       .      .      .         .
setNotifications                      +         +         +         +         .     .      .       .        .       .      .      .         .
createUpload                          +         +         +         muted     .     .      .       .        .       .      .      .         .
createUpload for the room's picture   +         role      role      role      .     .      .       .        .       .      .      +         .
updateMe                              +         +         +         +         +     +      +       +        +       +      +      +         +
typing                                =         =         =         muted     .     .      .       .        .       .      .      .         .
markRead                              +         +         +         +         .     .      .       .        .       .      .      .         .
markDelivered                         +         +         +         +         .     .      .       .        .       .      .      .         .
heartbeat                             +         +         +         +         left  left   left    left     left    left   left   left      left
heartbeats of a member                role      role      role      role      role  role   role    role     role    role   role   role      +
blockUser of a stranger               +         +         +         +         +     +      +       +        +       +      +      +         +
unblockUser of a stranger             =         =         =         =         =     =      =       =        =       =      =      =         =
revokeSubscriptions                   +         +         +         +         +     +      +        +        +        +      +      +         +
revokeSubscriptions of a stranger     other     other     other     other     other other  other    other    other    other  other  +         other
setHold of a stranger                 role      role      role      role      role      role      role      role      role      role      role  +      role
holds                                 role      role      role      role      role      role      role      role      role      role      role  =      role
dataRequests                          =         =         =         =         =     =      =       =        =       =      =      =         =
dataRequests of a stranger            role      role      role      role      role  role   role    role     role    role   role   =         role
exportMyData                          +         +         +         +         +     +      +       nobody   nobody  +      +      nobody    nobody
eraseMe                               notRecent notRecent notRecent notRecent notRecent notRecent notRecent notRecent notRecent notRecent notRecent notRecent notRecent
requestExport of a member             role      role      role      role      role  role   role    role     role    role   role   +         role
requestErasure of a member            role      role      role      role      role  role   role    role     role    role   role   +         role

createRoom                            +         +         +         +         +     +      +       +        +       +      +      +         +
createRoom under a direct room's name reserved reserved reserved reserved reserved reserved reserved reserved reserved reserved reserved reserved reserved
direct with a stranger                +         +         +         +         +     +      +       +        +       +      +      +         +
createRoom under a name that is taken taken     taken     taken     taken     taken taken  taken   taken    taken   taken  taken  taken     taken
createRoom of a guild                 role      role      role      role      role  role   role    role     role    role   role   +         role
updateRoom                            +         role      role      role      .     .      .       .        .       .      .      +         .
deleteRoom                            +         role      role      role      .     .      .       .        .       .      .      +         .
joinRoom                              =         =         =         =         .     .      +       .        +       +      .      +         .
leaveRoom                             +         +         +         +         =     .      +       .        .       =      .      .         .
leaveRoom with one owner              lastOwner +         +         +         =     .      +       .        .       =      .      .         .

addMember as an owner                 +         rank      role      role      .     .      .       .        .       .      .      +         .
addMember as a moderator              +         +         role      role      .     .      .       .        .       .      .      +         .
addMember as a member                 +         +         role      role      .     .      .       .        .       .      .      +         .
addMember of who left                 +         +         role      role      .     .      .       .        .       .      .      +         .
addMember of who is banned            banned    banned    role      role      .     .      .       .        .       .      .      banned    .
addMember of a member                 =         =         role      role      .     .      .       .        .       .      .      =         .
addMember of who is invited           +         +         role      role      .     .      .       .        .       .      .      +         .
addMember of oneself                  =         =         role      role      .     .      .       .        .       .      .      +         .

removeMember of an owner              +         rank      role      role      .     .      .       .        .       .      .      +         .
removeMember of a moderator           +         rank      role      role      .     .      .       .        .       .      .      +         .
removeMember of a member              +         +         role      role      .     .      .       .        .       .      .      +         .
removeMember of who left              =         =         role      role      .     .      .       .        .       .      .      =         .
removeMember of who is invited        +         +         role      role      .     .      .       .        .       .      .      +         .
removeMember of who is banned         =         =         role      role      .     .      .       .        .       .      .      =         .
removeMember of a banned moderator    =         rank      role      role      .     .      .       .        .       .      .      =         .
removeMember of a stranger            notThere  notThere  role      role      .     .      .       .        .       .      .      notThere  .
removeMember of oneself               self      self      role      role      .     .      .       .        .       .      .      self      .
removeMember of the last owner        self      rank      role      role      .     .      .       .        .       .      .      lastOwner .

banMember of an owner                 +         rank      role      role      .     .      .       .        .       .      .      +         .
banMember of a moderator              +         rank      role      role      .     .      .       .        .       .      .      +         .
banMember of a member                 +         +         role      role      .     .      .       .        .       .      .      +         .
banMember of who left                 +         +         role      role      .     .      .       .        .       .      .      +         .
banMember of who is invited           +         +         role      role      .     .      .       .        .       .      .      +         .
banMember of who is banned            =         =         role      role      .     .      .       .        .       .      .      =         .
banMember of a banned moderator       =         rank      role      role      .     .      .       .        .       .      .      =         .
banMember of a stranger               +         +         role      role      .     .      .       .        .       .      .      +         .
banMember of oneself                  self      self      role      role      .     .      .       .        .       .      .      self      .
banMember of the last owner           self      rank      role      role      .     .      .       .        .       .      .      lastOwner .

unbanMember of who is banned          +         +         role      role      .     .      .       .        .       .      .      +         .
unbanMember of a banned moderator     +         rank      role      role      .     .      .       .        .       .      .      +         .
unbanMember of a member               =         =         role      role      .     .      .       .        .       .      .      =         .
unbanMember of who left               =         =         role      role      .     .      .       .        .       .      .      =         .
unbanMember of who is invited         =         =         role      role      .     .      .       .        .       .      .      =         .
unbanMember of a stranger             notThere  notThere  role      role      .     .      .       .        .       .      .      notThere  .

setRole of an owner                   +         role      role      role      .     .      .       .        .       .      .      +         .
setRole of a moderator                +         role      role      role      .     .      .       .        .       .      .      +         .
setRole of a member, to owner         +         role      role      role      .     .      .       .        .       .      .      +         .
setRole of a member, to moderator     +         role      role      role      .     .      .       .        .       .      .      +         .
setRole of a member, to member        =         role      role      role      .     .      .       .        .       .      .      =         .
setRole of who left                   notThere  role      role      role      .     .      .       .        .       .      .      notThere  .
setRole of who is invited             notThere  role      role      role      .     .      .       .        .       .      .      notThere  .
setRole of a stranger                 notThere  role      role      role      .     .      .       .        .       .      .      notThere  .
setRole of oneself, to owner          =         role      role      role      .     .      .       .        .       .      .      notThere  .
setRole of oneself, to moderator      +         =         role      role      .     .      .       .        .       .      .      notThere  .
setRole of oneself, to member         +         role      =         =         .     .      .       .        .       .      .      notThere  .
setRole of the last owner             lastOwner role      role      role      .     .      .       .        .       .      .      lastOwner .

muteMember of an owner                +         rank      role      role      .     .      .       .        .       .      .      +         .
muteMember of a moderator             +         rank      role      role      .     .      .       .        .       .      .      +         .
muteMember of a member                +         +         role      role      .     .      .       .        .       .      .      +         .
muteMember of who left                notThere  notThere  role      role      .     .      .       .        .       .      .      notThere  .
muteMember of who is invited          notThere  notThere  role      role      .     .      .       .        .       .      .      notThere  .
muteMember of who is banned           notThere  notThere  role      role      .     .      .       .        .       .      .      notThere  .
muteMember of a stranger              notThere  notThere  role      role      .     .      .       .        .       .      .      notThere  .
muteMember of oneself                 self      self      role      role      .     .      .       .        .       .      .      self      .
"""

_HEADER, *_LINES = [line for line in EXPECTED.splitlines() if line]
_NAME = _HEADER.index("owner")
COLUMNS = tuple(_HEADER[_NAME:].split())
MATRIX = {line[:_NAME].strip(): dict(zip(COLUMNS, line[_NAME:].split(), strict=True)) for line in _LINES}
"""What is expected, by request and by column."""


def printed(observed: dict[tuple[str, str], str]) -> str:
    """A matrix of what was found, in the form of the one above."""
    lines = [f"{'request':<{_NAME}}{''.join(f'{column:<10}' for column in COLUMNS)}".rstrip()]
    for name in dict.fromkeys(row for row, _ in observed):
        cells = (observed.get((name, column), "?") for column in COLUMNS)
        lines.append(f"{name:<{_NAME}}{''.join(f'{cell:<10}' for cell in cells)}".rstrip())
    return "\n".join(lines)
