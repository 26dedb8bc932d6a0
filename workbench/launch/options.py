"""The options of npm and of uv, which are too many to stand beside what is done with them."""

from __future__ import annotations

from workbench.launch.words import arity

# Every setting of npm is an option of npx as well. Those that are yes or no have a form with ``no-``.
_SWITCHES = (
    "all allow-same-version audit bin-links bypass-2fa commit-hooks dangerously-allow-all-scripts description dev "
    "diff-ignore-all-space diff-name-only diff-no-prefix diff-text dry-run engine-strict expect-results force "
    "foreground-scripts format-package-lock fund git-tag-version global global-style if-present ignore-scripts "
    "include-staged include-workspace-root include-attestations init-private install-links json legacy-bundling "
    "legacy-peer-deps link long offline omit-lockfile-registry-resolved optional package-lock package-lock-only "
    "parseable allow-scripts-pending allow-scripts-pin prefer-dedupe prefer-offline prefer-online production "
    "progress provenance read-only rebuild-bundle save save-bundle save-dev save-exact save-optional save-peer "
    "save-prod packages-all shrinkwrap sign-git-commit sign-git-tag strict-peer-deps strict-allow-scripts "
    "strict-ssl timing unicode update-notifier usage version versions workspaces workspaces-update yes browser "
    "color"
)
_SETTINGS = (
    "_auth access allow-directory allow-file allow-git allow-remote allow-scripts also audit-level auth-type before "
    "ca cache cache-max cache-min cafile call cert cidr cpu depth diff diff-dst-prefix diff-src-prefix diff-unified "
    "editor expect-result-count expires fetch-retries fetch-retry-factor fetch-retry-maxtimeout "
    "fetch-retry-mintimeout fetch-timeout git globalconfig heading https-proxy include init-author-email "
    "init-author-name init-author-url init-license init-module init-type init-version install-strategy key libc "
    "local-address location lockfile-version loglevel logs-dir logs-max name maxsockets message min-release-age "
    "min-release-age-exclude node-gyp node-options noproxy omit only orgs os otp package pack-destination packages "
    "prefix preid provenance-file proxy registry replace-registry-host save-prefix sbom-format sbom-type scope "
    "scopes packages-and-scopes-permission orgs-permission password token-description script-shell searchexclude "
    "searchlimit searchopts searchstaleness shell tag tag-version-prefix umask user-agent userconfig viewer which "
    "workspace"
)
NPM = arity(
    " ".join(f"--{name} --no-{name}" for name in _SWITCHES.split())
    + " -y --no -q --quiet -s --silent -d -dd -ddd --verbose -g -f -a -l -S -B -D -E -O -P -ws -iwr --local --porcelain"
    # Of older npx, pnpm, yarn and bun:
    " --no-install --ignore-existing --bun",
    " ".join(f"--{name}" for name in _SETTINGS.split())
    + " -p -c -w -C -m -L --reg --enjoy-by -n --node-arg --dir --cwd --allow-build --reporter --filter -F",
)
UV = arity(
    "--isolated --no-env-file --no-index -U --upgrade --reinstall --refresh -n --no-cache --no-cache-dir --no-config -q"
    " --quiet -v --verbose --offline --no-progress --native-tls --managed-python --no-managed-python"
    " --no-python-downloads --compile-bytecode --no-build-isolation --no-sources --no-build --no-binary --lfs --force"
    " --no-installer-metadata --frozen --locked --no-sync --exact --active --no-active --all-extras --no-dev --only-dev"
    " --dev --no-default-groups --all-groups --no-editable --no-project --all-packages -m --module -s --script"
    " --gui-script --inexact --show-resolution --allow-python-downloads --dry-run --require-build-hashes"
    " --no-require-build-hashes --system-certs --no-system-certs --no-native-tls -h --help -V --version",
    "--from -w --with --with-editable --with-requirements -c --constraints --constraint -b --build-constraints"
    " --overrides --override --env-file -p --python -i --index-url --index --default-index --extra-index-url -f"
    " --find-links --index-strategy --keyring-provider -P --upgrade-package --resolution --prerelease --fork-strategy"
    " --exclude-newer --exclude-newer-package -C --config-setting --config-settings-package --link-mode"
    " --reinstall-package --refresh-package --cache-dir --directory --project --config-file --allow-insecure-host"
    " --color --python-preference --python-fetch --no-build-package --no-binary-package --no-sources-package"
    " --no-build-isolation-package --torch-backend --python-platform --extra --no-extra --group --no-group --only-group"
    " --package --max-recursion-depth --upgrade-group --prerelease-package --no-editable-package",
)
