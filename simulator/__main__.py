"""
The chat API on one machine: python -m simulator run|token|invoke|subscribe|identity.

What was asked for goes to stdout, everything else to stderr. Each command is the module of its name, imported
only when it is wanted: a token needs no server.
"""

import importlib
import os
import sys
from contextlib import ExitStack, redirect_stdout
from pathlib import Path

from simulator.dynamodb_local import CannotFetch
from simulator.engine import EngineFailed
from simulator.event import BadEvent
from simulator.settings import BadSettings, of_this_process


def main() -> int:
    answers = sys.stdout
    try:
        settings = of_this_process()
        command = importlib.import_module(f"simulator.{settings.command}")
        with ExitStack() as stack:
            # Functions print their metrics, which Lambda collects; here they are part of the log.
            nowhere = stack.enter_context(Path(os.devnull).open("w"))
            stack.enter_context(redirect_stdout(sys.stderr if settings.is_talkative else nowhere))
            return int(command.main(settings, answers))
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    except (BadEvent, CannotFetch, EngineFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
