"""``python -m archanalyzer``, and the ``archanalyzer`` command."""

import sys

_INTERRUPTED = 130


def main() -> int:
    """Runs the command line; Ctrl-C ends it without a traceback from the first moment on."""
    try:
        from archanalyzer.cli import main as run

        return run()
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
