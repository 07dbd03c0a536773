"""`make bench`: run the benchmarks and print their tables; `BENCH="--rounds 5"` passes options."""

import sys

from benchmarks import launch

if __name__ == "__main__":
    sys.exit(launch.main())
