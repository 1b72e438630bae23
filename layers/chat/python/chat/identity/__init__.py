"""Who calls: the sources of identity, their claims, and tokens with the keys that verify them."""
