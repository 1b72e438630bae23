"""One run: restore, complete, replay, finish jobs, verify, and say what to switch. Each part looks what is done already, so
a run that was stopped is started again with the same options."""

import base64
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from chat.deployment import Deployment, no_pseudonym
from chat.rules.audit import pseudonym
from chat.rules.models import RoomSettings
from chat.rules.rooms import Table
from chat.storage.aws import failures, refuse_incomplete_answers
from chat.storage.objects import Objects
from chat.storage.store import Store
from chat.storage.taken_back_log import DataKeys, KmsKeys, LocalKeys, TakenBackLog
from chat.storage.uploads import Uploads
from chat_lambda.secrets import BadSecret, read_key
from restore.replay import finish_jobs, read_log, replay, summary
from restore.settings import Settings
from restore.tables import RestoredTable, Unfit

TIMEOUT_S = 20.0
DEADLINE_S = 60.0
"""For how long a change is tried: nobody waits for its answer."""

Progress = Callable[[str], None]


class Run:
    """`progress` is told what happens, without anybody's id."""

    def __init__(self, own: Settings, progress: Progress) -> None:
        self._own = own
        self._progress = progress
        self._dynamodb = self._client("dynamodb", own.endpoint)
        pairs = {table: (own.sources[table], name) for table, name in own.targets.items()}
        self._tables: dict[Table, RestoredTable] = {
            table: RestoredTable(self._dynamodb, *names) for table, names in pairs.items()
        }

    def go(self) -> bool:
        """Whether everything stands that was taken back. Raises `StoreFailure`, `ServiceUnavailable`, `Unreadable` and
        `Unfit`."""
        wanted = read_log(self._log(), self._own.instant_ms, self._progress)
        self._progress(f"to take back again: {summary(wanted)}")
        if wanted.erased and self._own.audit_key is None:
            raise Unfit("people were erased since: that takes --audit-key")
        if self._own.apply:
            self._restore()
        if not all(table.is_there() for table in self._tables.values()):
            self._progress("The tables are not restored yet. With --apply they are.")
            return False
        deployment = self._deployment()
        outcomes = replay(deployment, wanted, self._progress, dry_run=not self._own.apply)
        self._tell(outcomes.lines())
        if not self._own.apply:
            return outcomes.total("due") == 0
        run = finish_jobs(deployment, self._progress)
        left = replay(deployment, wanted, self._progress, dry_run=True)
        self._tell(["verified:", *left.lines()])
        self._compare()
        stands = left.total("due") == 0 and not run.waiting
        self._tell(self._to_switch() if stands else ["Not everything stands: do not switch."])
        return stands

    def _restore(self) -> None:
        for table in self._tables.values():
            table.restore(self._own.instant)
        for table in self._tables.values():
            table.wait(self._progress)
            table.complete(self._own.recovery_days, self._progress)

    def _compare(self) -> None:
        if not self._own.count:
            return
        for table in self._tables.values():
            before, after = table.counts(table.source), table.counts(table.target)
            self._tell(
                f"{table.target} {kind:<12}{after[kind]:>12,}   {table.source} {before[kind]:>12,}"
                for kind in sorted({*before, *after})
            )

    def _to_switch(self) -> list[str]:
        """What makes the deployment use the restored tables: see the runbook."""
        removed = [
            f"  terraform/run terraform ENV state rm 'module.chat.aws_dynamodb_table.chat[\"{key}\"]'"
            for key in self._tables
        ]
        entries = [
            f'  {key} = {{ name = "{table.target}", stream_arn = "{table.stream_arn()}" }}'
            for key, table in self._tables.items()
        ]
        return [
            "All stands. Switch, in this order:",
            *removed,
            "and in environments/ENV.tfvars:",
            "  existing = { tables = {",
            *(f"  {each}" for each in entries),
            "  } }",
            f"  generation = {self._own.generation}",
            "then: make deploy ENV=…",
        ]

    def _deployment(self) -> Deployment:
        own = self._own
        uploads = self._uploads()
        return Deployment(
            store=Store(self._dynamodb, own.targets, own.generation),
            defaults=RoomSettings(retention_days=own.retention_days),
            deadline_s=DEADLINE_S,
            uploads=lambda: uploads,
            pseudonym=self._pseudonym(),
            erasure_keeps_bans=not own.forget_bans,
        )

    def _pseudonym(self) -> Callable[[str], str]:
        own = self._own
        if own.audit_key is None:
            return no_pseudonym
        try:
            key = read_key("audit_key", own.audit_key, own.region)
        except BadSecret as bad:
            raise Unfit(f"--audit-key: {bad}") from None
        return partial(pseudonym, key=key)

    def _uploads(self) -> Uploads | None:
        if self._own.uploads_bucket is None:
            return None
        objects = Objects(self._client("s3", self._own.s3_endpoint), self._own.uploads_bucket)
        return Uploads(objects, frozenset(), 0)

    def _log(self) -> TakenBackLog:
        s3 = self._client("s3", self._own.s3_endpoint)
        return TakenBackLog(s3, self._own.log_bucket, self._keys(), time.monotonic)

    def _keys(self) -> DataKeys:
        reference = self._own.log_key
        if not reference.startswith("file:"):
            return KmsKeys(self._client("kms", None), reference)
        try:
            text = Path(reference.removeprefix("file:")).read_text(encoding="utf-8").strip()
            key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (OSError, ValueError):
            raise Unfit("--log-key cannot be read") from None
        if len(key) < 32:
            raise Unfit("--log-key is shorter than 32 bytes")
        return LocalKeys(key)

    def _client(self, service: str, endpoint: object) -> Any:
        config = Config(connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S)
        if service == "s3" and endpoint:
            config = config.merge(Config(s3={"addressing_style": "path"}))
        url = None if endpoint is None else str(endpoint)
        with failures():
            session: Any = boto3.Session(region_name=self._own.region)
            made = session.client(service, endpoint_url=url, config=config)
        refuse_incomplete_answers(made)
        return made

    def _tell(self, lines: Iterable[str]) -> None:
        for line in lines:
            print(line)
