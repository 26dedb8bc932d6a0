"""Look at files of root's and at the folders on the way to them, as this account where it may and else as root."""

from __future__ import annotations

import os
import stat

from workbench.repair import root_commands as commands
from workbench.repair.consumer import Consumer
from workbench.repair.fingerprint import Fingerprint, read
from workbench.repair.paths import Refused, spot, words
from workbench.text import visible


def file_of_roots(path: str) -> tuple[Fingerprint, bytes]:
    """What a file is and holds, one of root's with one name that this account may read. Raises Refused."""
    with spot(path) as place:
        if place.path != path:
            raise Refused(f"{visible(path)} leads to {visible(place.path)}", "repair that file by hand")
        now, content = read(place)
    if now.uid != 0 or now.links > 1:
        raise Refused(f"{visible(path)} is not a plain file of root's with one name", "repair it by hand")
    return now, content


def is_there(path: str) -> bool:
    """Whether anything has this path. Raises Refused where that cannot be told."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except PermissionError:
        answer = commands.run(commands.status(path))
        if answer.status != 0 and "No such file or directory" not in answer.err:
            raise Refused(f"{visible(path)} cannot be examined as root either") from None
        return answer.status == 0
    except OSError as error:
        raise Refused(f"{visible(path)} cannot be examined: {words(error)}") from error
    return True


def way(path: str, consumer: Consumer) -> tuple[str, ...]:
    """The folders that are missing on the way, outermost first. Raises Refused where others could lead astray."""
    folder, missing = os.path.dirname(path), []
    while True:
        try:
            found = os.lstat(folder)
        except FileNotFoundError:
            missing.append(folder)
        except PermissionError:
            # A folder of root's that only root may look into.
            seen = status(folder)
            if (seen.kind, seen.uid) != ("directory", 0) or seen.mode & 0o022:
                raise Refused(f"{visible(folder)} is not a folder that is root's alone") from None
        except OSError as error:
            raise Refused(f"{visible(folder)} cannot be examined: {words(error)}") from error
        else:
            # A folder in which everybody may make files keeps what is in it for its owners.
            shared = found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or shared:
                raise Refused(
                    f"{visible(folder)} is not a folder that is root's alone, so nothing is made in it as root"
                )
        if folder == "/":
            break
        folder = os.path.dirname(folder)
    if len(missing) > consumer.makes_folder:
        raise Refused(f"{visible(missing[0])} does not exist, so {consumer.name} would not read a file in it")
    return tuple(reversed(missing))


def status(path: str) -> Fingerprint:
    """What the file is, without its content. Raises Refused."""
    answer = commands.run(commands.status(path))
    if answer.status != 0:
        raise Refused(f"{visible(path)} cannot be examined as root either: it may be gone", "scan again")
    return commands.read_status(answer)


def digests(*paths: str) -> dict[str, str]:
    """What the files hold, as digests, of those that are there."""
    return commands.read_digests(commands.run(commands.digests(*paths)))
