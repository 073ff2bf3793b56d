"""``python -m archanalyzer``."""

import sys

from archanalyzer.cli import main

if __name__ == "__main__":
    sys.exit(main())
