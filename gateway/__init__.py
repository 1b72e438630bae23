"""Rooms over plain WebSocket, in front of AppSync: many clients, one upstream subscription per room and process.

`connection` (one client's frames), `timeline` (one room's order) and `upstream_protocol` (AppSync's frames) are without I/O;
`app` pumps sockets, `feed` pumps rooms, `appsync` pumps AppSync. docs/gateway.md has every frame and close code.
"""
