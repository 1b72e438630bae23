"""The rules of the chat, once. Every program is an edge of this package; it imports nothing of ours.

One verb per module: `send_message`, `messages`, `on_message`, `create_room` …. They share `access` (the one decision
about who may do what in a room), `store` (the two tables behind one repository) and `errors` (the refusals by name).
"""
