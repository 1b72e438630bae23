"""The measurements, one a module. Each prints a table or a few lines."""
