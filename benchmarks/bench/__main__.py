"""`python -m benchmarks.bench`."""

import sys

from benchmarks.bench.report import main

if __name__ == "__main__":
    sys.exit(main())
