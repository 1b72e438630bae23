"""The chat's page beside the local API, and how people sign in there."""
