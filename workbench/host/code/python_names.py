"""What the functions of Python and of well-known packages do with a path, a command or a message."""

from __future__ import annotations

from workbench.secrets.names import words

PATH_ARGUMENTS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        words(
            "open io.open os.open codecs.open aiofiles.open anyio.open_file os.remove os.unlink os.rmdir"
            " os.removedirs os.makedirs os.mkdir os.listdir os.scandir os.walk os.chmod os.chown os.truncate"
            " shutil.rmtree git.Repo zipfile.ZipFile tarfile.open gzip.open PIL.Image.open"
            " shutil.unpack_archive os.readlink"
            " openpyxl.load_workbook docx.Document pypdf.PdfReader fitz.open pandas.read_csv pandas.read_excel"
        ),
        (0,),
    ),
    **dict.fromkeys(
        words(
            "os.rename os.replace os.link os.symlink shutil.copy shutil.copy2 shutil.copyfile shutil.copytree"
            " shutil.move"
        ),
        (0, 1),
    ),
}
"""Which arguments of a function are paths that it opens, makes, lists or removes."""

PATH_METHODS = frozenset(
    words(
        "open read_text read_bytes write_text write_bytes unlink rmdir mkdir touch iterdir glob rglob rename"
        " replace symlink_to hardlink_to chmod walk"
    )
)
PATHS = frozenset(("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "anyio.Path"))
RESOLVING = frozenset(("os.path.realpath",))
NORMALISING = frozenset(("os.path.abspath", "os.path.normpath"))
CARRYING = frozenset(
    words(
        "str os.fspath os.path.join os.path.expanduser os.path.expandvars os.path.dirname posixpath.join list"
        " tuple typing.cast urllib.parse.unquote json.loads shlex.split repr format sorted reversed"
        " os.fsdecode os.fsencode bytes bytearray dict orjson.loads ujson.loads"
    )
)
"""Functions whose result holds what they are given."""
CARRYING_METHODS = frozenset(
    words(
        "strip lstrip rstrip removeprefix removesuffix lower upper format join split rsplit splitlines"
        " partition expanduser joinpath with_suffix with_name as_posix encode decode get pop items values copy"
        " title absolute resolve replace relative_to model_dump dict __str__ __fspath__"
    )
)
COLLECTING = frozenset(("append", "extend", "insert", "add", "appendleft"))
"""Methods that put what they are given into what they belong to."""
NAMES_ONLY = frozenset(("name", "stem", "suffix", "suffixes"))
"""What of a path holds no folder any more."""

SHELLS = frozenset(
    words(
        "os.system os.popen subprocess.getoutput subprocess.getstatusoutput asyncio.create_subprocess_shell"
        " asyncio.subprocess.create_subprocess_shell commands.getoutput"
    )
)
STARTING = frozenset(
    words(
        "subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen"
        " asyncio.create_subprocess_exec anyio.run_process anyio.open_process os.execv os.execvp os.execve"
        " os.execl os.execlp os.spawnv os.spawnvp pty.spawn"
    )
)
EVALUATING = frozenset(("eval", "exec", "builtins.eval", "builtins.exec"))
SHELL_PROGRAMS = frozenset(["sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "cmd", "cmd.exe", "powershell", "pwsh"])
SHELL_OPTIONS = frozenset(("-c", "-lc", "-ic", "-ec", "/c", "/C", "-Command", "-command"))
QUOTING = frozenset(("shlex.quote", "shlex.join", "pipes.quote"))

UNPICKLING = frozenset(
    f"{package}.{name}"
    for package in ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal")
    for name in ("loads", "load", "Unpickler")
) | {"jsonpickle.decode", "jsonpickle.loads", "yaml.unsafe_load", "pandas.read_pickle"}
YAML = frozenset(("yaml.load", "yaml.load_all"))
UNSAFE_LOADERS = frozenset(("yaml.Loader", "yaml.UnsafeLoader", "yaml.CLoader"))
SAFE_LOADERS = frozenset(("yaml.SafeLoader", "yaml.CSafeLoader", "yaml.BaseLoader", "yaml.FullLoader"))

RUNNING_LATER = {
    "asyncio.to_thread": 0,
    "anyio.to_thread.run_sync": 0,
    "functools.partial": 0,
    "starlette.concurrency.run_in_threadpool": 0,
}
"""Functions that call the function they are given: the place of that among the arguments."""

VALIDATING_METHODS = {
    "model_validate": "pydantic",
    "model_validate_json": "pydantic",
    "parse_obj": "pydantic",
    "parse_raw": "pydantic",
    "validate_python": "pydantic",
    "validate_json": "pydantic",
}
VALIDATING = {
    "jsonschema.validate": "jsonschema",
    "msgspec.json.decode": "msgspec",
    "msgspec.convert": "msgspec",
    "cattrs.structure": "cattrs",
    "pydantic.TypeAdapter": "pydantic",
}
HARMLESS = frozenset(
    words(
        "print len isinstance type bool any all id hash hasattr callable issubclass os.path.exists"
        " os.path.isfile os.path.isdir os.path.isabs os.path.islink os.path.splitext os.path.getsize os.stat"
        " os.path.basename fnmatch.fnmatch str repr os.access os.path.lexists json.dumps"
        " mimetypes.guess_type"
    )
)
"""Functions that say nothing of whether a path may be used."""
HARMLESS_METHODS = (
    frozenset(
        words(
            "debug info warning error exception critical log exists is_file is_dir is_absolute is_symlink"
            " startswith endswith lower upper strip rstrip lstrip stat append add keys items values get"
            " report_progress removeprefix removesuffix split encode decode format join replace"
            " expanduser resolve absolute as_posix write read count find index casefold"
        )
    )
    | PATH_METHODS
)
CHECKING_WORDS = words(
    "check valid safe allow ensure verif secur sanit guard permit authori contain within inside restrict"
    " confine assert sandbox deny normaliz normalis jail scope resolve"
)
PLAIN_TEXT = words("isalnum isidentifier isdigit isdecimal isnumeric isalpha")
"""Methods that say of a text that it holds nothing a path or a command is led astray by."""

LEADING_NOWHERE = HARMLESS_METHODS | frozenset(
    words(
        "post put patch delete head request fetch send execute executemany fetchall dumps loads quote urlencode"
        " setdefault update extend insert remove discard pop isinstance len print str int float bool sub match"
        " search fullmatch compile findall sleep monotonic time choice min max sum zip enumerate map filter range"
        " TextContent ErrorData McpError ValueError TypeError RuntimeError KeyError Exception"
    )
)
"""The last part of names of functions that hand nothing on to a file or a shell."""
LEADING_ELSEWHERE = (
    "requests.", "httpx.", "aiohttp.", "urllib.", "re.", "json.", "logging.", "mcp.", "fastmcp.", "pydantic.",
    "datetime.", "hashlib.", "base64.", "math.", "textwrap.", "html.", "uuid.",
)  # fmt: skip
"""Packages whose functions open no file that a text names."""
