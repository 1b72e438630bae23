"""`python -m gateway.check`: whether an API answers where the settings say, before anything is started.
Ends with 1 if not."""

import sys
import urllib.error
import urllib.request
from http.client import HTTPException

from gateway.settings import BadSettings, of_this_process

SECONDS = 5.0


def main() -> int:
    try:
        url = str(of_this_process().appsync_url)
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    if answers(url):
        return 0
    print(f"no API answers at {url}", file=sys.stderr)
    return 1


def answers(url: str) -> bool:
    """Whether anything speaks HTTP there. What it answers is not looked at: a token may be missing or
    wrong just now."""
    try:
        with urllib.request.urlopen(url, timeout=SECONDS):  # noqa: S310  settings allow http and https only
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(main())
