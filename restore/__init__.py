"""`python -m restore`: restore both tables to an instant, and take back again what was taken back since.

`docs/privacy.md` says what comes back, and what does not.
"""
