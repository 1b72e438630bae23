"""What `make load` itself adds to a latency: the same sends to the same server by it and by a client in C."""
