"""The service, whose calls on DynamoDB may take as long as a busy machine takes: the engine of the tests is slow."""

import sys

from service.__main__ import main
from tests.support.dynamodb import patience

if __name__ == "__main__":
    with patience():
        sys.exit(main())
