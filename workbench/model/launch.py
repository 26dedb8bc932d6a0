"""How a server is started, understood from its argument vector."""

from __future__ import annotations

from typing import Literal

from workbench.model.record import record

Ecosystem = Literal["npm", "pypi"]
Pin = Literal["exact", "range", "tag", "none", "source"]
AbilityKind = Literal["files", "commands", "network", "database", "browser"]


@record
class PackageSpec:
    """A package named in a launch. ``argument`` is its index in the argument vector, or None when it stands inside a
    longer string (``sh -c "npx -y x"``) and cannot be edited as one value. ``version`` is the text after the name.
    """

    ecosystem: Ecosystem
    name: str
    version: str
    pin: Pin
    runner: str
    text: str
    argument: int | None = None


@record
class RootArgument:
    """A directory that a file server is given. ``path`` is absolute, with ``~`` and links resolved on this host."""

    text: str
    path: str
    argument: int


@record
class ImageSpec:
    """A container image named in a launch: ``text`` as written, ``name`` with its registry, ``tag`` ("" for none) and
    ``digest`` (``sha256:…``, "" for none). ``argument`` is as in PackageSpec.
    """

    text: str
    name: str
    tag: str = ""
    digest: str = ""
    argument: int | None = None


@record
class SetVariable:
    """A variable that the command line itself sets or passes on (``env A=b``, ``docker run -e A``), by name only.

    ``argument`` is the index of the word it was read from, also where it stands inside of a longer string.
    """

    name: str
    argument: int | None = None


@record
class Ability:
    """What a server can do by design. ``why`` says what told so; ``argument`` is the index of the word that did,
    also where that stands inside of a longer string.
    """

    kind: AbilityKind
    why: str
    argument: int | None = None


@record
class ContainerOption:
    """One option of ``docker run`` that says what the container may do, by its long name (``--volume`` for ``-v``).

    ``value`` is "" for a switch without one. ``argument`` is the index of the word that the value stands in, None where
    there is no value.
    """

    name: str
    value: str = ""
    argument: int | None = None


@record
class LaunchMount:
    """A file or folder of this host, as written, that a container is shown."""

    host: str
    inside: str
    read_only: bool = False
    argument: int | None = None


@record
class ContainerOptions:
    """What ``docker run`` is told of the container. ``engine`` is ``docker``, ``podman`` or ``nerdctl``.

    Variables are not among the ``options``: their names are in ``Launch.environment``.
    """

    engine: str
    options: tuple[ContainerOption, ...] = ()
    mounts: tuple[LaunchMount, ...] = ()


@record
class Launch:
    """What an argument vector starts once every wrapper is taken off.

    ``wrappers`` are the names taken off, outermost first (``sudo``, ``env``, ``sh``, ``bwrap``, ``docker run`` …);
    ``sandbox`` is the wrapper that confines it, or ""; ``account`` is the user of this host it is switched to, or "".
    ``program`` is the last program named; ``understood`` is false where a wrapper's options were not known.
    ``script`` is the file or module that an interpreter is given, or "". ``account_argument``, ``sandbox_argument``
    and ``script_argument`` are the indices of the words that name them, None where no single word does.
    ``abilities`` are what the package, the program or its options are known for; none means that nothing is known.
    ``inner`` are packages that are fetched besides: what ``package`` runs in turn (``supergateway --stdio "npx x"``) or
    is given (``uvx --with x``). ``remote`` is what a bridge such as ``mcp-remote`` connects to, a URL or
    ``smithery:NAME``, or "". ``directory`` is the folder that the command line itself changes into (``cd``,
    ``env -C``, ``uv --directory``), or ""; a relative ``script`` is resolved in it. ``container`` is what the outermost
    ``docker run`` is told, None where there is none.
    """

    program: str
    arguments: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    sandbox: str = ""
    account: str = ""
    image: ImageSpec | None = None
    package: PackageSpec | None = None
    roots: tuple[RootArgument, ...] = ()
    understood: bool = True
    script: str = ""
    environment: tuple[SetVariable, ...] = ()
    abilities: tuple[Ability, ...] = ()
    account_argument: int | None = None
    sandbox_argument: int | None = None
    script_argument: int | None = None
    inner: tuple[PackageSpec, ...] = ()
    remote: str = ""
    remote_argument: int | None = None
    directory: str = ""
    container: ContainerOptions | None = None

    @property
    def identified(self) -> bool:
        """Whether it is known what is started: every wrapper was understood, or a package or image is named."""
        return self.understood or self.package is not None or self.image is not None
