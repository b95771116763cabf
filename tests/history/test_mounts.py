"""The table of mounts is read as Linux writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.history.mounts import Mount, find_mount

TABLE = r"""21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
22 21 0:20 / /proc rw - proc proc rw
40 21 254:0 /srv/my\040chat /data rw,relatime - ext4 /dev/vda rw
41 21 0:52 / /home rw - nfs4 server:/homes rw,vers=4.2
42 41 0:53 / /home rw master:1 - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/lib", Mount(Path("/"), Path("/"), "ext4")),
        ("/data", Mount(Path("/data"), Path("/srv/my chat"), "ext4")),
        ("/data/models/x", Mount(Path("/data"), Path("/srv/my chat"), "ext4")),
        ("/database", Mount(Path("/"), Path("/"), "ext4")),
        ("/home/ann", Mount(Path("/home"), Path("/"), "tmpfs")),
    ],
)
def test_the_nearest_and_topmost_mount_is_found(path: str, expected: Mount, tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(TABLE)
    assert find_mount(Path(path), tmp_path / "mountinfo") == expected


def test_where_there_is_no_table_nothing_is_known(tmp_path: Path) -> None:
    assert find_mount(tmp_path, tmp_path / "mountinfo") is None
