"""The process of a deployment's own rules: what it takes as a module, and that it costs nothing without one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any, Protocol

import pytest

from chat.rules.hooks import HookFailed
from chat_lambda.hooks import MOST_PROCESSES, HookProcesses
from chat_lambda.settings import BadSettings

PATIENT_S = 30.0
"""For what answers at all, however busy this machine is."""
ROOM = {"id": "tea", "type": "general", "guild_id": None, "name": None, "visibility": "private"}
ANN = {"user_id": "ann", "role": "owner", "roles": ["staff"]}


class Load(Protocol):
    def __call__(self, source: str, budget_s: float = PATIENT_S) -> HookProcesses: ...


def about(text: str) -> dict[str, Any]:
    return {"kind": "message", "text": text, "room": ROOM, "member": ANN}


@pytest.fixture
def load(functions_environ: None, tmp_path: Path) -> Iterator[Load]:
    """Starts a module of this source."""
    started: list[HookProcesses] = []

    def load(source: str, budget_s: float = PATIENT_S) -> HookProcesses:
        file = tmp_path / "rules.py"
        file.write_text(dedent(source), encoding="utf-8")
        started.append(HookProcesses(f"file:{file}", budget_s))
        return started[-1]

    yield load
    for each in started:
        each.close()


BAD_MODULES = {
    "no hooks": ("x = 1", "has neither before_text nor may_add"),
    "a typing error": ("def before_text(:", "cannot be imported: SyntaxError"),
    "raises": ("raise RuntimeError('private')", "cannot be imported: RuntimeError"),
    "another's module is missing": ("import acme_words", "cannot be imported: there is no module acme_words"),
    "ends": ("raise SystemExit", "ended its process while it was imported"),
    "dies": ("import os; os._exit(3)", "ended its process while it was imported"),
    "no function": ("before_text = 3", "before_text is no plain function"),
    "asynchronous": ("async def before_text(kind, text, room, member): ...", "before_text is no plain function"),
    "an argument less": ("def before_text(kind, text, room): ...", "before_text does not take kind, text, room, member by name"),
    "others' names": ("def may_add(a, b, c): ...", "may_add does not take inviter, person, room by name"),
}  # fmt: skip


@pytest.mark.parametrize("why", BAD_MODULES)
def test_a_module_that_cannot_be_used_is_told_in_a_sentence(load: Load, why: str) -> None:
    source, sentence = BAD_MODULES[why]
    with pytest.raises(BadSettings) as caught:
        load(source).asked(opens=False)
    assert str(caught.value).startswith("CHAT_HOOKS: file:")
    assert str(caught.value).endswith(sentence)
    assert "private" not in str(caught.value)


@pytest.mark.parametrize("name", ["acme.chat", "file:/nowhere/rules.py", "file:/nowhere/rules.txt"])
def test_a_module_that_is_not_there_is_told_in_a_sentence(functions_environ: None, name: str) -> None:
    with pytest.raises(
        BadSettings, match=rf"^CHAT_HOOKS: ({name} cannot be imported: |rules.txt is no Python file)"
    ):
        HookProcesses(name, PATIENT_S).asked(opens=False)


def test_only_the_hooks_that_a_module_has_are_asked(load: Load) -> None:
    assert set(load("def may_add(inviter, person, room): ...").asked(opens=False)) == {"may_add"}
    assert set(load("def before_text(**told): ...\ndef may_add(**told): ...").asked(opens=True)) == {
        "before_text",
        "may_add",
    }


def test_a_directory_alone_is_no_rule_and_a_rule_no_directory(load: Load) -> None:
    with pytest.raises(BadSettings, match=r"has neither before_text nor may_add$"):
        load("def people(user_ids): ...").asked(opens=False)
    with pytest.raises(BadSettings, match=r"has no people$"):
        load("def may_add(inviter, person, room): ...").directory()
    both = "def may_add(**told): ...\ndef people(user_ids): return {}"
    assert set(load(both).asked(opens=False)) == {"may_add"}


DIRECTORIES: dict[str, tuple[str, Any]] = {
    "names": ('{"ann": "Ann", "eve": "Eve"}', {"people": {"ann": {"name": "Ann", "avatar_url": None}}}),
    "profiles": (
        '{"ann": Profile(name="Ann", avatar_url="https://a.example/a"), "bob": None}',
        {"people": {"ann": {"name": "Ann", "avatar_url": "https://a.example/a"}}},
    ),
    "nobody": ("{}", {"people": {}}),
    "nothing": ("None", {"failed": {"error": "ReturnedNonetype", "at": "unknown"}}),
    "a list": ("[]", {"failed": {"error": "ReturnedList", "at": "unknown"}}),
    "a refusal": ('Refuse("no")', {"failed": {"error": "ReturnedRefuse", "at": "unknown"}}),
    "a number": ('{"bob": 7}', {"failed": {"error": "BadProfile", "at": "unknown"}}),
    "a name that is none": ('{"bob": Profile(name=7)}', {"failed": {"error": "BadProfile", "at": "unknown"}}),
    "a book": ('{"bob": "x" * 2001}', {"failed": {"error": "BadProfile", "at": "unknown"}}),
    "an error": ("1 / 0", {"failed": {"error": "ZeroDivisionError", "at": "rules.py:4"}}),
}


@pytest.mark.parametrize("what", DIRECTORIES)
def test_a_directory_says_names_or_profiles(load: Load, what: str) -> None:
    said, answer = DIRECTORIES[what]
    source = f"""
        from chat.hooks import Profile, Refuse
        def people(user_ids):
            return {said}
    """
    directory = load(source).directory()
    assert directory.ask("people", [{"user_ids": ["ann", "bob"]}]) == [answer]


def test_a_directory_that_hangs_is_ended_in_time(load: Load) -> None:
    directory = load("import time\ndef people(user_ids): time.sleep(60)", budget_s=0.2).directory()
    with pytest.raises(HookFailed) as caught:
        directory.ask("people", [{"user_ids": ["ann"]}])
    assert caught.value.error == "TimedOut"


def test_a_text_about_its_writer_alone_is_of_no_room(load: Load) -> None:
    processes = load("def before_text(kind, text, room, member): return f'{kind} {room}'")
    question = about("Ann") | {"kind": "person_name", "room": None}
    assert processes.ask("before_text", [question]) == [{"text": "person_name None"}]


def test_hooks_take_what_they_want_by_name_and_what_they_are_told_is_read_only(load: Load) -> None:
    processes = load("""
        def before_text(text, *, member, room, kind, more=None):
            try:
                room.name = "other"
            except AttributeError as error:
                return f"{kind} {text} {room.id} {member.user_id} {sorted(member.roles)} {type(error).__name__}"
    """)
    said = processes.ask("before_text", [about("hi")])
    assert said == [{"text": "message hi tea ann ['staff'] FrozenInstanceError"}]


def test_a_module_of_a_layer_is_found_by_its_name(functions_environ: None) -> None:
    """From where the function imports, too."""
    processes = HookProcesses("docs.hooks.words", PATIENT_S)
    assert processes.ask("before_text", [about("heck")]) == [{"text": "****"}]
    processes.close()


def test_a_module_keeps_what_it_has_learned_until_its_process_is_replaced(load: Load) -> None:
    processes = load("""
        import os
        seen = []
        def before_text(kind, text, room, member):
            seen.append(text)
            if text == "end":
                os._exit(1)
            return str(len(seen))
    """)
    assert [processes.ask("before_text", [about("x")])[0]["text"] for _ in range(3)] == ["1", "2", "3"]
    with pytest.raises(HookFailed) as caught:
        processes.ask("before_text", [about("end")])
    assert (caught.value.error, caught.value.replaced) == ("Ended", True)
    assert processes.ask("before_text", [about("x")]) == [{"text": "1"}]


def test_calls_at_once_are_asked_about_at_once_and_none_waits_for_one_that_hangs(load: Load) -> None:
    processes = load(
        """
        import time
        def before_text(kind, text, room, member):
            time.sleep(60 if text == "hang" else 0)
            return text
        """,
        budget_s=10.0,
    )
    processes.asked(opens=False)
    with ThreadPoolExecutor(MOST_PROCESSES) as threads:
        hanging = threads.submit(processes.ask, "before_text", [about("hang")])
        others = [threads.submit(processes.ask, "before_text", [about(str(n))]) for n in range(20)]
        assert [each.result()[0]["text"] for each in others] == [str(n) for n in range(20)]
        assert not hanging.done()
        with pytest.raises(HookFailed, match="TimedOut"):
            hanging.result()


def test_a_long_text_crosses_both_ways(load: Load) -> None:
    processes = load("def before_text(kind, text, room, member): return text[::-1]")
    text = "é\U0001f600\n" * 50_000
    assert processes.ask("before_text", [about(text)]) == [{"text": text[::-1]}]


def test_the_process_ends_with_its_function(functions_environ: None, project: Path, tmp_path: Path) -> None:
    """Also where that is killed."""
    file = tmp_path / "rules.py"
    file.write_text(
        "import os\nfrom pathlib import Path\n"
        f"Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\ndef may_add(**told): ...\n"
    )
    source = (
        "import os, sys\nfrom chat_lambda.hooks import HookProcesses\n"
        "HookProcesses(sys.argv[1], 1.0).asked(opens=False)\nos.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", source, f"file:{file}"], cwd=project, check=False, timeout=60)
    ends(int((tmp_path / "pid").read_text()))


OWN_SOCKET = "import os, sys\nown = int(sys.argv[1])\n"
MISCHIEF = {
    "forks": "os.fork()",
    "writes what is no JSON": r"os.write(own, b'x\n')",
    "writes an answer of its own": r"""os.write(own, b'{"answers": [{"text": "forged"}]}\n')""",
    "writes the form of before": r"""os.write(own, b'[{"text": "forged"}]\n')""",
    "writes too few answers": r"""os.write(own, b'{"number": 1, "answers": []}\n')""",
    "writes a number": r"os.write(own, b'7\n')",
    "closes its socket": "os.close(own)",
    "closes everything": "os.closerange(0, 64)",
    "changes what answers are written with": "import json; json.dumps = lambda *_: 'x'",
}


@pytest.mark.parametrize("what", MISCHIEF)
def test_nobodys_text_is_taken_for_anothers_whatever_a_hook_does_to_its_process(
    load: Load, what: str
) -> None:
    processes = load(
        f"{OWN_SOCKET}def before_text(kind, text, room, member):\n"
        f"    if text == 'mischief':\n        {MISCHIEF[what]}\n    return text.upper()\n"
    )
    said, failures = [], []
    for text in ("mischief", "b", "c", "d", "e"):
        try:
            said.append((text, processes.ask("before_text", [about(text)])))
        except HookFailed as failure:
            failures.append((failure.error, failure.replaced))
    assert set(failures) <= {("BadAnswer", True), ("Ended", True)}
    assert [answers for _, answers in said] == [[{"text": text.upper()}] for text, _ in said]
    assert len(said) >= 3


def test_what_a_hook_has_started_ends_with_it(load: Load, tmp_path: Path) -> None:
    processes = load(f"""
        import os, subprocess, sys
        from pathlib import Path
        def before_text(kind, text, room, member):
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            Path({str(tmp_path / "pid")!r}).write_text(str(child.pid))
            os._exit(1)
    """)
    with pytest.raises(HookFailed, match="Ended"):
        processes.ask("before_text", [about("x")])
    ends(int((tmp_path / "pid").read_text()))


def test_a_hook_that_hangs_ends_though_its_function_was_killed(
    functions_environ: None, project: Path, tmp_path: Path
) -> None:
    """A pattern that runs away looks at no socket, and lets no other thread run."""
    file, pid = tmp_path / "rules.py", tmp_path / "pid"
    file.write_text(
        "import os, re\nfrom pathlib import Path\n"
        "import chat_lambda.hook_process\nchat_lambda.hook_process.ALONE_S = 0.5\n"
        "def before_text(**told):\n"
        f"    Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "    re.match('(a+)+b', 'a' * 60)\n"
    )
    source = (
        "import os, sys, threading, time\nfrom pathlib import Path\nfrom chat_lambda.hooks import HookProcesses\n"
        "def die():\n"
        "    while not (Path(sys.argv[2]).exists() and Path(sys.argv[2]).read_text()):\n        time.sleep(0.01)\n"
        "    os.kill(os.getpid(), 9)\n"
        "threading.Thread(target=die).start()\n"
        f"HookProcesses(sys.argv[1], 1.0).ask('before_text', [{about('x')!r}])\n"
    )
    command = [sys.executable, "-c", source, f"file:{file}", str(pid)]
    subprocess.run(command, cwd=project, check=False, timeout=60)
    ends(int(pid.read_text()))


def test_hooks_that_end_their_processes_leave_nothing_behind(load: Load) -> None:
    processes = load("""
        import os
        def before_text(kind, text, room, member):
            os._exit(1)
    """)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(HookFailed, match="Ended"):
            processes.ask("before_text", [about("x")])
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    states = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[0] for each in children]
    assert "Z" not in states


def test_a_process_that_cannot_be_started_is_a_hook_that_failed(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the machine has no memory for it, say. The next call tries again."""
    processes = load("""
        import os
        def before_text(kind, text, room, member):
            return os._exit(1) if text == "end" else text
    """)
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(HookFailed, match="Ended"):
            processes.ask("before_text", [about("end")])
        with pytest.raises(HookFailed, match="NotStarted"):
            processes.ask("before_text", [about("x")])
    assert processes.ask("before_text", [about("x")]) == [{"text": "x"}]


def ends(pid: int) -> None:
    deadline = time.monotonic() + 30
    while _is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # whoever takes in orphans here may not have looked yet


START = """
import json, sys
import resolvers.send_message
print(json.dumps(sorted(sys.modules)))
"""
OWN = {"chat.hooks", "chat.rules.hooks", "chat.steps.hooks", "chat_lambda.hooks", "subprocess"}


def start(project: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The init phase of sendMessage's function."""
    given = {
        **os.environ,
        "PYTHONPATH": ".:layers/chat/python",
        "AWS_LAMBDA_FUNCTION_NAME": "test",
        **environment,
    }
    return subprocess.run(
        [sys.executable, "-c", START],
        env=given,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_without_rules_a_cold_start_imports_nothing_of_them(functions_environ: None, project: Path) -> None:
    bare = set(json.loads(start(project).stdout.splitlines()[-1]))
    assert bare & (OWN - {"subprocess"}) == set()
    with_rules = start(project, CHAT_HOOKS="docs.hooks.words")
    assert set(json.loads(with_rules.stdout.splitlines()[-1])) - bare >= OWN - {"chat.hooks", "subprocess"}


def test_a_function_whose_rules_do_not_load_ends_its_init_with_a_sentence(
    functions_environ: None, project: Path
) -> None:
    ended = start(project, CHAT_HOOKS="acme.chat")
    assert ended.returncode == 1
    said = "BadSettings: CHAT_HOOKS: acme.chat cannot be imported: there is no module acme"
    assert ended.stderr.splitlines()[-1].endswith(said)
