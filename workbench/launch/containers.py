"""``docker run`` and its relatives, with the real arity of their options: ``--pids-limit 100`` is not the image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from workbench.launch.container_options import container_options, is_on, volume
from workbench.launch.step import Mount, Step
from workbench.launch.words import Arity, Option, Word, arity, basename, names_set, read_options

GLOBAL = arity(
    "-D --debug --tls --tlsverify -v --version --remote -r --noout --syslog --debug-full --experimental"
    " --insecure-registry --kube-hide-dupe",
    "-c --context -H --host --config -l --log-level --tlscacert --tlscert --tlskey --connection --url --root --runroot"
    " --storage-driver --storage-opt --cgroup-manager --log-driver --identity --events-backend --namespace -n"
    " --address -a --conmon --hooks-dir --network-cmd-path --network-config-dir --runtime --runtime-flag --ssh --tmpdir"
    " --volumepath --transient-store --imagestore --module --out"
    # Of nerdctl:
    " --snapshotter --cni-path --cni-netconfpath --data-root --hosts-dir --host-gateway-ip --bridge-ip --cdi-spec-dirs"
    " --userns-remap",
)
_RUN_FLAGS = (
    "-d --detach -i --interactive -t --tty --rm --init --privileged --read-only --no-healthcheck -P --publish-all"
    " --sig-proxy --disable-content-trust --oom-kill-disable -q --quiet --use-api-socket --help"
    " --replace --no-hosts --no-hostname --env-host --http-proxy --rootfs --tls-verify --passwd --rmi"
    " --read-only-tmpfs --all-devices --unsetenv-all --no-healthcheck --bypass4netns --sig-proxy --insecure-registry"
)
_RUN_VALUED = (
    "--add-host --annotation -a --attach --blkio-weight --blkio-weight-device --cap-add --cap-drop --cgroup-parent"
    " --cgroupns --cidfile --cpu-count --cpu-percent --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime -c"
    " --cpu-shares --cpus --cpuset-cpus --cpuset-mems --detach-keys --device --device-cgroup-rule --device-read-bps"
    " --device-read-iops --device-write-bps --device-write-iops --dns --dns-opt --dns-option --dns-search --domainname"
    " --entrypoint -e --env --env-file --expose --gpus --group-add --health-cmd --health-interval --health-retries"
    " --health-start-interval --health-start-period --health-timeout -h --hostname --io-maxbandwidth --io-maxiops --ip"
    " --ip6 --ipc --isolation --kernel-memory -l --label --label-file --link --link-local-ip --log-driver --log-opt"
    " --mac-address -m --memory --memory-reservation --memory-swap --memory-swappiness --mount --name --net --network"
    " --network-alias --net-alias --oom-score-adj --pid --pids-limit --platform -p --publish --pull --restart --runtime"
    " --security-opt --shm-size --stop-signal --stop-timeout --storage-opt --sysctl --tmpfs --ulimit -u --user --userns"
    " --uts -v --volume --volume-driver --volumes-from -w --workdir"
    # Podman's own:
    " --arch --os --variant --authfile --cgroups --cgroup-conf --chrootdirs --conmon-pidfile --creds --decryption-key"
    " --gidmap --uidmap --subgidname --subuidname --group-entry --passwd-entry --hooks-dir --hostuser --image-volume"
    " --init-path --init-ctr --personality --pidfile --pod --pod-id-file --preserve-fd --preserve-fds --requires"
    " --retry --retry-delay --rdt-class --seccomp-policy --secret --sdnotify --shm-size-systemd --systemd --timeout"
    " --tz --umask --unsetenv --env-merge --cert-dir --health-log-destination --health-on-failure"
    " --health-max-log-count --health-max-log-size --health-startup-cmd --health-startup-interval"
    " --health-startup-retries --health-startup-success --health-startup-timeout --hosts-file --gpus"
    # nerdctl's own:
    " --cosign-key --cosign-certificate-identity --cosign-certificate-oidc-issuer --verify --ipfs-address --hosts-dir"
    " --snapshotter"
)
RUN = arity(_RUN_FLAGS, _RUN_VALUED)
EXEC = arity(
    "-d --detach -i --interactive -t --tty --privileged -T --no-TTY -l --latest",
    "-e --env --env-file -u --user -w --workdir --detach-keys --index --preserve-fds",
)
_COMPOSE = arity(
    "--all-resources --compatibility --dry-run --verbose",
    "-f --file -p --project-name --profile --env-file --project-directory --ansi --parallel --progress",
)
_COMPOSE_RUN = arity(
    "-d --detach --build -i --interactive -T --no-TTY --no-deps --quiet-pull --remove-orphans --rm -P --service-ports"
    " --use-aliases --quiet -q --quiet-build",
    "--cap-add --cap-drop --entrypoint -e --env --env-from-file -l --label --name -p --publish --pull -u --user -v"
    " --volume -w --workdir",
)
# Not --env-file: what it sets stands in the file.
_SETS = ("-e", "--env", "--env-merge")
_START = arity("-a --attach -i --interactive", "--detach-keys --checkpoint --checkpoint-dir")


def unwrap_container(words: Sequence[Word]) -> Step | None:
    """``docker|podman|nerdctl [container] run …``, ``exec``, ``start`` and ``compose run``. Others wrap nothing."""
    engine = basename(words[0].text)
    sandbox = "podman" if engine == "podman" else "docker"
    options = read_options(words[1:], GLOBAL)
    rest = options.rest
    if len(rest) > 1 and rest[0].text == "container":
        rest = rest[1:]
    verb = rest[0].text if rest else ""
    if engine in ("docker-compose", "podman-compose"):
        return _compose(words[1:], engine, sandbox)
    if verb == "compose":
        return _compose(rest[1:], f"{engine} compose", sandbox)
    if verb == "run":
        step = _run(rest[1:], RUN, f"{engine} run", sandbox, options.understood)
        return replace(step, container=container_options(engine, read_options(rest[1:], RUN)))
    if verb in ("exec", "start"):
        inner = read_options(rest[1:], EXEC if verb == "exec" else _START)
        understood = options.understood and inner.understood and bool(inner.rest)
        command = inner.rest[1:] if verb == "exec" else ()
        return Step(
            f"{engine} {verb}",
            command,
            sandbox,
            mounts=(),
            contained=True,
            understood=understood,
            environment=names_set(inner.all(*_SETS)),
        )
    return None


def _run(words: Sequence[Word], known: Arity, name: str, sandbox: str, understood: bool) -> Step:
    options = read_options(words, known)
    image = options.rest[0] if options.rest else None
    mounts = tuple(mount for option in options.given for mount in _mounts(option))
    if is_on(options, "--privileged") or any(_gives_the_host(option) for option in options.given):
        sandbox = ""
    command = options.rest[1:]
    entrypoint = options.value("--entrypoint")
    if entrypoint is not None and entrypoint.text:
        command = (entrypoint, *command)
    return Step(
        name,
        command,
        sandbox,
        # What stands there with --rootfs is a folder of this host.
        image=None if options.has("--rootfs") else image,
        mounts=mounts,
        contained=True,
        understood=understood and options.understood and image is not None and bool(image.text),
        environment=names_set(options.all(*_SETS)),
    )


def _compose(words: Sequence[Word], name: str, sandbox: str) -> Step | None:
    options = read_options(words, _COMPOSE)
    verb = options.rest[0].text if options.rest else ""
    if verb not in ("run", "exec"):
        return None
    step = _run(
        options.rest[1:], _COMPOSE_RUN if verb == "run" else EXEC, f"{name} {verb}", sandbox, options.understood
    )
    # What stands there is the name of a service; its image is in the compose file.
    return replace(step, image=None)


def _mounts(option: Option) -> list[Mount]:
    if not option.values:
        return []
    value = option.values[0]
    if option.name in ("-v", "--volume"):
        host, inside = volume(value.text)
        return [Mount(inside, value.part(host))] if host else []
    if option.name == "--mount":
        fields = dict(part.partition("=")[::2] for part in value.text.split(","))
        host = fields.get("src") or fields.get("source") or ""
        inside = fields.get("dst") or fields.get("target") or fields.get("destination") or ""
        return [Mount(inside, value.part(host))] if host and fields.get("type", "volume") == "bind" else []
    return []


def _gives_the_host(option: Option) -> bool:
    """Whether a mount makes root of the container root of the host: its whole file system, or the engine's socket."""
    for mount in _mounts(option):
        host = mount.host.text.rstrip("/") if mount.host is not None else "-"
        if host.endswith(("/docker.sock", "/podman.sock", "/containerd.sock")):
            return True
        if not host and not re.search(r"[:,](?:ro|readonly)(?:[,:]|\Z)", option.values[0].text):
            return True
    return False
