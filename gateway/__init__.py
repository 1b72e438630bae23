"""Rooms over plain WebSocket, in front of AppSync: many clients, one upstream subscription per room and
process.

Without I/O: `connection` (one client's frames), `timeline` (one room's order), `replay_buffer`,
`upstream_protocol` (AppSync's frames). Around them: `session` (one socket), `feed` (one room), `hub` (all
rooms and their clients), `appsync` and `realtime` (AppSync). Who asks: `person_tokens` (clients' tokens), `service`
(the gateway itself), by `authorization` (a token) or `signature` (an IAM role). Ownership runs one way;
docs/gateway.md has every frame and close code.

    process ─▶ hub ─┬▶ feed ─▶ timeline ─▶ replay_buffer
                    └▶ client ─▶ connection, client_transport
    session ─────────▶ client
"""
