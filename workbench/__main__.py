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

    # Thousands of facts and hardly a cycle among them: looking after every 700 takes a tenth of a large scan.
    gc.set_threshold(20_000)
    # What is loaded stays: to go through it for garbage takes a tenth of the start. ``cli`` and the app allow it again.
    gc.disable()
    from workbench.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
