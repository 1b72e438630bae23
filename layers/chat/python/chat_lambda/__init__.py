"""What every function does around its one call: settings, composition, one log line, metrics, errors.

`resolvers/<field>.py` names the call; this package makes a Lambda handler of it.
"""
