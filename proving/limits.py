"""How much is taken from outside, and how much is done there, at the most."""

FILE_BYTES = 64 * 1024
"""A mapping file, a file of gaps."""
TOKENS_BYTES = 1024 * 1024
"""A file of tokens."""
TOKEN_CHARACTERS = 16 * 1024
PEOPLE = 400
URL_CHARACTERS = 2_048
ANSWER_BYTES = 8 * 1024 * 1024
"""An HTTP answer. AppSync's own limit is 5 MB (https://docs.aws.amazon.com/general/latest/gr/appsync.html)."""
FRAME_BYTES = 1024 * 1024
"""A WebSocket message. AppSync sends at most 240 kB (same page)."""
FRAMES = 10_000
"""Frames that are kept of one connection."""
PAGES = 200
"""Pages that are followed of one list."""
ROOMS = 20
"""Rooms that a run makes."""
MESSAGES = 400
"""Sends that a run asks for, repeats included."""
CONNECTIONS = 60
"""WebSocket connections that a run opens, one after the other."""
PATIENCE_S = 20.0
"""How long something that was promised is waited for."""
WAIT_S = 120.0
"""How long a refusal for too high a rate is waited out, as long as it says, for one call."""
