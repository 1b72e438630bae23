"""`make bench`: what the functions cost, beside the same API written the usual way. Ratios of CPU time, in
one table."""
