"""No I/O: what a room, a message and a refusal are, who may do what, and what is well-formed."""
