"""Which program this is: what the image's build says, else what a checkout says."""

from pathlib import Path

import dcms
from dcms.operations.structs import Version
from dcms.settings import Settings


def version_of(settings: Settings) -> Version:
    """The version of this program."""
    checkout = Path(dcms.__file__).resolve().parent.parent
    return Version(dcms.__version__, settings.git_hash or git_hash(checkout), settings.build_time)


def git_hash(checkout: Path) -> str | None:
    """The commit that is checked out; None without git's folder."""
    try:
        folder = checkout / ".git"
        if folder.is_file():  # a worktree's
            folder = checkout / folder.read_text().removeprefix("gitdir:").strip()
        head = (folder / "HEAD").read_text().strip()
        name = head.removeprefix("ref: ")
        if name == head:
            return head
        common = folder / "commondir"
        shared = folder / common.read_text().strip() if common.exists() else folder
        if (shared / name).exists():
            return (shared / name).read_text().strip()
        packed = (line.split(" ") for line in (shared / "packed-refs").read_text().splitlines())
        return next((line[0] for line in packed if line[1:] == [name]), None)
    except OSError:
        return None
