"""Servers that the gateway is measured against, each as its own documentation has it."""
