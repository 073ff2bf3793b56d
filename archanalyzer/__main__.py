"""``python -m archanalyzer``, and the ``archanalyzer`` command."""

import os
import sys
from contextlib import suppress

_INTERRUPTED = 130


def main() -> int:
    """Runs the command line; Ctrl-C ends it without a traceback from the first moment on."""
    try:
        from archanalyzer.cli import main as run

        return run()
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    with suppress(OSError):  # the current folder may have been deleted
        if sys.path[0] == os.getcwd():  # noqa: PTH109 - pathlib is slow to import
            del sys.path[0]  # put there for `python -m`; what lies in the current folder is no code of ours
    sys.exit(main())
