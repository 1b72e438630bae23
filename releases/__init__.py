"""`python -m releases`: what runs in a deployment, moved and moved back as one by the functions' aliases.

`docs/deployment.md` says what a release is, and what has to be so before it and after it.
"""
