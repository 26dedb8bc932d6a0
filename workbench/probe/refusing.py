"""Sockets that are never probed: an unasked-for word to these could set something off or disturb somebody's work."""

from __future__ import annotations

import re

_NAMES = re.compile(
    r"(?:docker|podman|containerd|crio|cri-dockerd|buildkitd?|lxd|libvirt[\w-]*|virtlog[\w-]*)[\w.-]*\.?sock(?:et)?\Z"
    r"|\.s\.PGSQL\.\d+\Z|(?:mysqlx?d?|mariadb|redis|valkey|mongodb-\d+|memcached|cassandra|clickhouse)[\w.-]*\.sock\Z"
    r"|(?:S\.)?(?:gpg|ssh|scdaemon|dirmngr|keyboxd)[\w.-]*agent[\w.-]*\Z|S\.(?:gpg|dirmngr|keyboxd|scdaemon)[\w.-]*\Z"
    r"|agent\.\d+\Z|(?:system_)?bus(?:_socket)?(?:[-,.].*)?\Z|X\d+\Z|wayland-\d+\Z|pipewire-\d[\w-]*\Z"
    r"|(?:notify|private|journal|stdout|socket|syslog|dev-log|log)\Z|\.ICE-unix|pcscd\.comm\Z|avahi.*\Z|cups\.sock\Z",
    re.IGNORECASE,
)
_FOLDERS = re.compile(
    r"(?:/var)?/run/(?:systemd|dbus|docker|containerd|podman|postgresql|mysqld|redis|libvirt|udev|pcscd)/"
    r"|/run/user/\d+/(?:systemd|gnupg|keyring|docker|podman|bus|pulse|dbus-1)(?:/|\Z)|/tmp/\.(?:X11|ICE)-unix/"
)
_PROGRAMS = re.compile(
    r"(?:dockerd|docker-proxy|containerd.*|podman|crio|buildkitd|systemd.*|dbus-.*|postgres|mysqld|mariadbd|redis-server"
    r"|valkey-server|mongod|memcached|ssh-agent|gpg-agent|keyboxd|dirmngr|scdaemon|gnome-keyring-d.*|Xorg|Xwayland"
    r"|libvirtd|virtqemud|pcscd|cupsd|avahi-daemon|pipewire.*|pulseaudio|wpa_supplicant|NetworkManager)\Z"
)


def why_not(name: str, program: str) -> str:
    """Why the socket of that name, held by that program ("": not known), is not to be probed; "" if it may be."""
    last = name.lstrip("@").rpartition("/")[2]
    if _NAMES.search(last) or _FOLDERS.match(name):
        return "by its name it is a container engine's, a database's, a key agent's or the system's own"
    if program and _PROGRAMS.match(program):
        return f"{program} listens on it, and that is no MCP server"
    return ""
