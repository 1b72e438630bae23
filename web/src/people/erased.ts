// Who sent the messages of somebody whose account was erased: an id of a form that is nobody's.

/** As `ERASED` in chat/rules/rooms.py: longer than any user id. */
const ERASED = /^erased:[0-9a-f]{128}$/;

export const isErased = (userId: string) => ERASED.test(userId);
