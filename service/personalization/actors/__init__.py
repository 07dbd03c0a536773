"""An actor as a whole: all that is kept of them as one document, and two ids that turn out to be one person."""

from typing import Final

MAX_IMPORT: Final = 67_108_864
"""How many bytes the document of an import may have if nothing else is set."""
