"""`python -m benchmarks.learning`."""

import sys

from benchmarks.learning.report import main

if __name__ == "__main__":
    sys.exit(main())
