"""GET /version, and where it is from."""

from pathlib import Path

import msgspec

from dcms import __version__
from dcms.operations.build import git_hash, version_of
from tests.api import Api

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def test_anybody_may_ask_for_the_version(api: Api) -> None:
    answer = await api.anonymous.get("/version")

    body = answer.json()
    assert answer.status_code == 200
    assert body.keys() == {"version", "git_hash", "build_time"}
    assert (body["version"], body["build_time"]) == (__version__, None)


async def test_what_the_build_says_comes_first(api: Api) -> None:
    settings = msgspec.structs.replace(api.services.settings, git_hash="abc", build_time="2026-11-22T10:00:00Z")

    version = version_of(settings)

    assert (version.git_hash, version.build_time) == ("abc", "2026-11-22T10:00:00Z")


def test_the_commit_of_a_checkout_wherever_git_keeps_it(tmp_path: Path) -> None:
    head = "ref: refs/heads/main\n"
    packed = f"# pack-refs with: peeled\n{'f' * 40} refs/heads/other\n{COMMIT} refs/heads/main\n"
    write(
        tmp_path,
        {
            "loose/.git/HEAD": head,
            "loose/.git/refs/heads/main": COMMIT + "\n",
            "packed/.git/HEAD": head,
            "packed/.git/packed-refs": packed,
            "detached/.git/HEAD": COMMIT + "\n",
            "worktree/.git": f"gitdir: {tmp_path}/loose/.git/worktrees/one\n",
            "loose/.git/worktrees/one/HEAD": head,
            "loose/.git/worktrees/one/commondir": "../..\n",
            "unborn/.git/HEAD": head,
        },
    )

    for name in ("loose", "packed", "detached", "worktree"):
        assert git_hash(tmp_path / name) == COMMIT, name
    assert git_hash(tmp_path / "unborn") is None
    assert git_hash(tmp_path / "nothing") is None
