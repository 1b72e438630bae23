"""Both tables and the files: keys, items, requests, and what this process remembers of them. Knows no
deployment."""
