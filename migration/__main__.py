"""`python -m migration --help`."""

import json
import sys
import time

from chat.rules.rooms import Table
from chat.storage.aws import StoreFailure
from chat.storage.clock import wall_clock
from migration.adopt_room import Rules
from migration.client import dynamodb
from migration.report import Report
from migration.roster import BadRoster, read_roster
from migration.run import adopt_rooms, find_rooms, revert_rooms, with_roster
from migration.settings import Settings, read
from migration.tables import RateLimiter, Tables


def main() -> int:
    own = read(sys.argv[1:])
    report = Report(own.dry_run, wall_clock())
    try:
        _run(own, report)
    except BadRoster as error:
        print(error, file=sys.stderr)
        return 2
    except StoreFailure as failure:
        print(f"DynamoDB: {failure}. Start again to go on.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Start again with the same options to go on.", file=sys.stderr)
        return 130
    finally:
        _write_report(own, report)
    return 0 if all(room.is_done for room in report.rooms) else 1


def _run(own: Settings, report: Report) -> None:
    roster = read_roster(own.roster) if own.roster else {}
    client = dynamodb(own.region, str(own.endpoint) if own.endpoint else None)
    names: dict[Table, str] = {"core": own.core_table, "guild": own.guild_table}
    tables = Tables(client, names, RateLimiter(own.rate, time.monotonic, time.sleep))
    rules = Rules(own.retention_days, own.allow_expiry, own.dry_run, wall_clock)
    if own.revert:
        revert_rooms(tables, own.rooms or (), rules, report, _show)
        return
    if own.rooms is not None:
        rooms = list(own.rooms)
    else:
        rooms = with_roster([] if own.members_only else find_rooms(tables, report, _show), roster)
    adopt_rooms(tables, rooms, roster, rules, report, _show, members_only=own.members_only)


def _show(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _write_report(own: Settings, report: Report) -> None:
    report.ended_at = wall_clock()
    if own.report:
        own.report.write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
    for line in report.to_lines():
        print(line)


if __name__ == "__main__":
    sys.exit(main())
