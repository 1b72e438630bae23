"""`python -m releases --help`."""

import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from pydantic import ValidationError

from chat.storage.aws import StoreFailure, failures
from releases.alarms import CloudWatchAlarms
from releases.aliases import LambdaAliases
from releases.books import Books
from releases.packages import fetch
from releases.record import Published, Refused, Release, Rights
from releases.rights import applied, planned, wired
from releases.run import Operator, Reverted, Source, Unsettled
from releases.settings import Settings, bucket, read
from releases.store import BucketStore, FolderStore

TIMEOUT_S = 20.0


def main() -> int:
    """0 where it was done, 1 where it was refused, failed or reverted, 2 where aliases are elsewhere (`status`), 130 where
    it was stopped."""
    settings = read(sys.argv[1:])
    try:
        return _run(settings)
    except (Refused, Reverted, Unsettled, ValueError) as error:
        print(error, file=sys.stderr)
    except (StoreFailure, OSError) as error:
        print(f"AWS: {error}. The same command once more goes on.", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped. The same command once more goes on.", file=sys.stderr)
        return 130
    return 1


def _run(settings: Settings) -> int:
    books = _books(settings, settings.environment)
    operator = Operator(
        books,
        aliases=lambda of: LambdaAliases(_client(settings, "lambda", of.region), of.alias),
        alarms=lambda of: CloudWatchAlarms(_client(settings, "cloudwatch", of.region)),
        tell=_tell,
        lose_rights=settings.lose_rights,
    )
    match settings.command:
        case "record":
            published = _published()
            operator.record(
                published.deployed(),
                settings.commit,
                clean=not settings.dirty,
                folder=settings.packages,
                source=_source(settings),
                rights=applied(published, _wired(settings)),
            )
        case "rights":
            operator.check_rights(planned(sys.stdin.read()))
        case "go":
            operator.go(settings.canary_plan)
        case "back":
            operator.back()
        case "prove":
            operator.prove()
        case "status":
            elsewhere = operator.drift()
            for name in elsewhere:
                print(f"{name}: its alias is elsewhere.")
            return 2 if elsewhere else 0
        case "commit":
            print(Source(settings.environment, books).release().commit)
        case _:
            _fetch(settings, Source(settings.environment, books).release(), books)
    return 0


def _fetch(settings: Settings, release: Release, books: Books) -> None:
    named = f"release {release.number} of {settings.environment}"
    if settings.commit != release.commit:
        raise Refused(
            f"Here is {settings.commit}, and {named} is of another commit: git checkout {release.commit}"
        )
    if settings.dirty:
        raise Refused(f"Here are changes beside the commit of {named}: git stash")
    if settings.packages is None:
        raise Refused("--packages says to which folder.")
    fetch(books.store, settings.packages, release.files())
    _tell(f"The packages of {named} are in {settings.packages}.")


def _published() -> Published:
    try:
        return Published.model_validate_json(sys.stdin.read())
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(f"stdin is not Terraform's output `release`: {first['loc']}: {first['msg']}") from None


def _wired(settings: Settings) -> dict[str, Rights]:
    try:
        return wired(settings.wiring.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"{settings.wiring} is absent: --wiring says which rights the code needs.") from None


def _source(settings: Settings) -> Source | None:
    other = settings.came_from
    return Source(other, _books(settings, other)) if other else None


def _books(settings: Settings, environment: str) -> Books:
    if settings.store is not None:
        return Books(FolderStore(Path(settings.store) / environment))
    place = bucket(environment)
    return Books(BucketStore(_client(settings, "s3", place.region), place.bucket, place.prefix))


def _client(settings: Settings, service: str, region: str) -> Any:
    config = Config(
        connect_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": 10},
    )
    if service == "s3" and settings.endpoint:
        config = config.merge(Config(s3={"addressing_style": "path"}))
    with failures():
        session: Any = boto3.Session(region_name=region)  # its stubs know each service by a type of its own
        return session.client(
            service, endpoint_url=str(settings.endpoint) if settings.endpoint else None, config=config
        )


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
