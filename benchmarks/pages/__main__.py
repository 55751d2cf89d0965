"""`python -m benchmarks.pages`."""

from benchmarks.pages.report import main

if __name__ == "__main__":
    main()
