"""Load: people listen and send at instants that are fixed beforehand, and what each of them missed is counted.

`plan`, `estimate`, `histogram`, `measures`, `ledger`, `report` and `page` do no I/O; `seats`, `traffic` and `command` do.
"""
