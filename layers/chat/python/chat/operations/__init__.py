"""One API field a module, named after it: `send_message`, `messages`, `on_message` …, and what the services
invoke."""
