"""Chaos: people chat through a proxy that drops, doubles, delays, reorders, cuts and slows, and their history is judged.

`faults` (what happens when), `history` (what was seen, and what is wrong with it) do no I/O; `proxy` and `workload` do.
"""
