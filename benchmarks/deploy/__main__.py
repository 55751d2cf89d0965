"""`python -m benchmarks.deploy`."""

import sys

from benchmarks.deploy.report import main

if __name__ == "__main__":
    sys.exit(main())
