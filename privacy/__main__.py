"""`python -m privacy --help`."""

import json
import sys

from chat.deployment import Deployment
from chat.rules.errors import ChatError
from chat.storage.aws import StoreFailure
from chat.storage.store import Store
from chat_lambda.secrets import BadSecret
from privacy.client import client
from privacy.configuration import BadDeployment
from privacy.fetch import fetch, made_and_fetched
from privacy.requests import COMMANDS, Lines
from privacy.scan import BadTexts, SomethingFound, of_settings
from privacy.settings import Settings, read


def deployment(own: Settings) -> Deployment:
    """The tables that the settings name. Raises `StoreFailure`."""
    dynamodb = client("dynamodb", own.region, str(own.endpoint).rstrip("/") if own.endpoint else None)
    return Deployment(store=Store(dynamodb, {"core": own.core_table, "guild": own.guild_table}))


def _lines(own: Settings) -> Lines:
    if own.command == "fetch":
        return fetch(deployment(own), own)
    if own.command == "scan":
        return of_settings(deployment(own), own)
    if own.command == "export" and own.to:
        return made_and_fetched(deployment(own), own)
    return COMMANDS[own.command](deployment(own), own)


def main() -> int:
    """Prints what there is to say as lines of JSON; the status is 1 for what was refused or failed."""
    own = read(sys.argv[1:])
    try:
        for line in _lines(own):
            print(json.dumps(line, sort_keys=True), flush=True)
    except FileExistsError as there:
        print(f"{there.filename} is there already", file=sys.stderr)
        return 1
    except (ChatError, BadDeployment, BadSecret, BadTexts, OSError, SomethingFound) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except StoreFailure as failure:
        print(f"AWS: {failure}. Start again to go on.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
