"""Whether a folder can hold the history; each reason why not has its cure.

`python -m chatbot.history.data_dir FOLDER` tells it; entrypoint.sh asks that
when it cannot use the folder.
No cure leads away from a history that is there.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import stat
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

from chatbot.errors import ChatError
from chatbot.history.mounts import Mount, find_mount
from chatbot.notices import Argument

_CONTENT = ("chat.db", "chat.db-wal", "chat.db-shm", "cookie-secret", "models", "models/blobs")
_UID_MAP = Path("/proc/self/uid_map")
_USER_RIGHTS = stat.S_IRUSR | stat.S_IWUSR | stat.S_IXUSR


class DataDirUnusable(ChatError):
    """The chat cannot keep its history in a folder; only who starts it reads this.

    `other` is one more cure, or empty.
    """

    texts: ClassVar = {
        "data_dir_unusable": "{folder} cannot hold the history: {reason}. Correct DATA_DIR.",
        "data_dir_without_locks": (
            "Files in {folder} cannot be locked ({reason}), so two programs could spoil the "
            "history. Mount it with locks, or copy the folder to a disk of this machine and name "
            "the copy in DATA_DIR."
        ),
        "data_dir_read_only": (
            "{folder} is on a file system that is mounted read-only. Mount it for writing "
            "(docker run: -v without :ro){other}, then start the chat again."
        ),
        "data_dir_full": (
            "The disk of {folder} is full, or its quota is used up. Free some space on it, "
            "then start the chat again."
        ),
        "data_dir_is_link": (
            "{path} is a link to {target}, where no folder is. Mount or make that "
            "folder, or correct the link, then start the chat again."
        ),
        "data_dir_is_file": (
            "{path} is a file, but DATA_DIR needs a folder there. Correct DATA_DIR."
        ),
        "data_dir_without_rights": (
            "User {user} may not write in {path}: chmod u+rwx {quoted} - then start the chat again."
        ),
        "data_dir_forbidden": (
            "The system keeps user {user} from {path}, though its mode allows it: "
            "mount it with :Z where SELinux is on, as in -v chat:/data:Z - then start the chat "
            "again."
        ),
        "data_dir_not_made": (
            "User {user} cannot make the folder {folder}: sudo install -d -o {user} {quoted}"
            "{other} - then start the chat again."
        ),
        "data_dir_not_reached": (
            "User {user} may not enter {path}, which belongs to user {owner}. Start the chat as "
            "that user, or copy {folder} to a place of your own and name that in DATA_DIR."
        ),
        "data_dir_of_another": (
            "User {user} cannot write to {path}, which belongs to user {owner}: "
            "sudo chown -R {user} {quoted} - then start the chat again."
        ),
        "data_dir_mounted_of_another": (
            "User {user} cannot write to {path}, which belongs to user {owner}. On the host, give "
            "it the folder or volume that is mounted at {mount}: sudo chown -R {host_user} "
            "{quoted} - then start the container again{other}."
        ),
    }


def check_folder(folder: Path) -> None:
    """Make the folder where it is missing; raises DataDirUnusable when it cannot keep a history."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            _try_lock(probe.fileno(), folder)
    except OSError as error:
        raise _explain_error(folder, error) from error
    for path in map(folder.joinpath, _CONTENT):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            raise _explain_refusal(path, folder)


def _try_lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        mount = find_mount(folder)
        kind = f", a file system of the kind {mount.kind}" if mount else ""
        reason = f"{error.strerror}{kind}"
        raise DataDirUnusable(
            "data_dir_without_locks", folder=str(folder), reason=reason
        ) from error


def _explain_error(folder: Path, error: OSError) -> DataDirUnusable:
    match error.errno:
        case errno.EROFS:
            other = _or_elsewhere(folder)
            return DataDirUnusable("data_dir_read_only", folder=str(folder), other=other)
        case errno.ENOSPC | errno.EDQUOT:
            return DataDirUnusable("data_dir_full", folder=str(folder))
        case errno.EEXIST | errno.ENOTDIR | errno.ELOOP:
            return _explain_blocker(folder)
        case errno.EACCES | errno.EPERM:
            return _explain_refusal(folder, folder)
    return DataDirUnusable(folder=str(folder), reason=str(error.strerror))


def _explain_blocker(folder: Path) -> DataDirUnusable:
    """Tell what is in the way of a folder: a file, or a link that leads to none."""
    path = next(path for path in [*reversed(folder.parents), folder] if not path.is_dir())
    if path.is_symlink():
        target = str(path.readlink())
        return DataDirUnusable("data_dir_is_link", path=str(path), target=target)
    return DataDirUnusable("data_dir_is_file", path=str(path))


def _explain_refusal(path: Path, folder: Path) -> DataDirUnusable:
    """Tell who owns what this user may not use, and how they may."""
    user, nearest = os.geteuid(), _find_nearest(path)
    status = nearest.stat()
    owner = status.st_uid
    if nearest not in (path, folder):
        return _explain_way(user, owner, nearest, folder)
    if owner == user and status.st_mode & _USER_RIGHTS != _USER_RIGHTS and path.is_dir():
        return DataDirUnusable(
            "data_dir_without_rights", user=user, path=str(path), quoted=_quote_path(path)
        )
    if _is_allowed(status):
        return DataDirUnusable("data_dir_forbidden", user=user, path=str(path))
    mount = find_mount(folder) if os.environ.get("BAKED_MODELS") else None
    return _explain_owner(user, owner, path, folder, mount)


def _explain_way(user: int, owner: int, nearest: Path, folder: Path) -> DataDirUnusable:
    """Tell what keeps a user from making or reaching a folder below `nearest`."""
    if os.access(nearest, os.X_OK):
        return DataDirUnusable(
            "data_dir_not_made",
            user=user,
            folder=str(folder),
            quoted=_quote_path(folder),
            other=_or_elsewhere(folder),
        )
    return DataDirUnusable(
        "data_dir_not_reached", user=user, path=str(nearest), owner=owner, folder=str(folder)
    )


def _explain_owner(
    user: int, owner: int, path: Path, folder: Path, mount: Mount | None
) -> DataDirUnusable:
    who: dict[str, Argument] = {"user": user, "owner": owner, "path": str(path)}
    if mount is None:
        return DataDirUnusable("data_dir_of_another", quoted=_quote_path(folder), **who)
    on_host = mount.root / folder.resolve().relative_to(mount.point)
    as_owner = f", or start it with --user {owner}:0" if owner == _host_id(owner) != 0 else ""
    return DataDirUnusable(
        "data_dir_mounted_of_another",
        mount=str(mount.point),
        host_user=_host_id(user),
        quoted=_quote_path(on_host),
        other=as_owner,
        **who,
    )


def _or_elsewhere(folder: Path) -> str:
    """Return the cure for a folder that holds no history yet."""
    return "" if folder.exists() else ", or name another folder in DATA_DIR"


def _find_nearest(path: Path) -> Path:
    """Return the path, or the nearest above it that can be seen."""
    return next(one for one in [path, *path.parents] if os.path.lexists(one))


def _is_allowed(status: os.stat_result) -> bool:
    """Return whether a file's mode lets this process write, as one of its group or as anybody."""
    groups = {os.getegid(), *os.getgroups()}
    return bool(
        status.st_uid == os.geteuid()
        or (status.st_gid in groups and status.st_mode & stat.S_IWGRP)
        or status.st_mode & stat.S_IWOTH
    )


def _host_id(user: int, table: Path = _UID_MAP) -> int:
    """Return the id on the host of a user of this container; they differ in a rootless one."""
    for line in table.read_text().splitlines() if table.exists() else ():
        inside, outside, count = map(int, line.split())
        if inside <= user < inside + count:
            return outside + user - inside
    return user


def _quote_path(path: Path) -> str:
    return shlex.quote(str(path))


def main() -> None:
    """End with the sentence when the folder named on the command line cannot be used."""
    try:
        check_folder(Path(sys.argv[1]))
    except DataDirUnusable as error:
        sys.exit(error.sentence)


if __name__ == "__main__":
    main()
