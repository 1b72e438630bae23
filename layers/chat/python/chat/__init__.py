"""The rules of the chat, once. Every program is an edge of this package; it imports nothing of ours.

Five floors: `operations` (one API field a module) use `steps` (what several operations share), steps use
`storage` (both tables behind one repository) and `rules` (no I/O); `identity` stands beside them and uses
`rules` alone. Nothing runs back.
"""

__version__ = "0.2.0"
