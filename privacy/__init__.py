"""`python -m privacy`: requests that somebody's data be exported or erased, by an operator: docs/privacy.md."""
