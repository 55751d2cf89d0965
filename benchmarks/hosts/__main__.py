"""`python -m benchmarks.hosts`."""

from benchmarks.hosts.report import main

if __name__ == "__main__":
    main()
