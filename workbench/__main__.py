"""Start the workbench: ``workbench`` and ``python -m workbench``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit status."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Answered before anything is imported: a script may ask this in a loop.
        from workbench import __version__

        print(f"workbench {__version__}")
        return 0
    import gc

    # Thousands of facts and hardly a cycle among them: looking after every 700 takes a tenth of a large scan. What is
    # loaded for a scan of a small host, or for the first picture of the app, is less than this, and never looked at.
    gc.set_threshold(200_000)
    from workbench.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
