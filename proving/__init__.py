"""Proves on any endpoint what an AppSync chat promises. A product of its own: it knows an API by a mapping file alone."""
