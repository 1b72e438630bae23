"""
The chat API on one machine: python -m simulator run|token|invoke.

What was asked for goes to stdout, everything else to stderr. Each command is the module of its name, imported only
when it is wanted: a token needs no server.
"""

import importlib
import sys
from contextlib import redirect_stdout

from simulator.dynamodb_local import CannotFetch
from simulator.engine import EngineFailed
from simulator.event import BadEvent
from simulator.settings import BadSettings, of_this_process


def main() -> int:
    answers = sys.stdout
    try:
        settings = of_this_process()
        command = importlib.import_module(f"simulator.{settings.command}")
        with redirect_stdout(sys.stderr):  # Powertools writes its logs and metrics to stdout
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
