"""The service with a store that acknowledges before it commits: what a test of lost writes must find out."""

import sys
import time
from unittest.mock import patch

from service.__main__ import main
from service.storage.sqlite import SQLiteStore, _Job

COMMIT_S = 0.02
"""How long a commit takes, after its writes were acknowledged."""


class HastyStore(SQLiteStore):
    def _write_batch(self, batch: list[_Job]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        for job, outcome in [(job, self._apply(job)) for job in batch]:
            job.finish(outcome)
        time.sleep(COMMIT_S)
        self._writer.execute("COMMIT")


if __name__ == "__main__":
    with patch("service.storage.opening.SQLiteStore", HastyStore):
        sys.exit(main())
