"""`python -m restore --help`."""

import sys

from chat.rules.errors import ServiceUnavailable
from chat.storage.aws import StoreFailure
from chat.storage.taken_back_log import Unreadable
from restore.run import Run
from restore.settings import read
from restore.tables import Unfit


def main() -> int:
    """0 where all stands that was taken back, 1 where it does not or was not looked at, 130 where it was stopped."""
    run = Run(read(sys.argv[1:]), _show)
    try:
        return 0 if run.go() else 1
    except (StoreFailure, ServiceUnavailable) as failure:
        code = failure.code if isinstance(failure, ServiceUnavailable) else str(failure)
        print(f"AWS: {code}. Start again with the same options to go on.", file=sys.stderr)
    except Unreadable as error:
        print(f"The log has an object that cannot be read: {error}. Nothing was replayed.", file=sys.stderr)
    except Unfit as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped. Start again with the same options to go on.", file=sys.stderr)
        return 130
    return 1


def _show(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
