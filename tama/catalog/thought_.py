"""What modular and delegated thoughts have in common: the API keeps both as thoughts."""

from __future__ import annotations

from tama.catalog.common import parent, provision_state
from tama.catalog.declaration import Integer, Text

COLLECTION = "/provision/perception/chains/{chain_id}/thoughts"
MEMBER = "/provision/perception/thoughts/{id}"
UNIQUE = (("chain_id", "index"),)

CHAIN = parent("chain_id", "chain", "The chain that the thought belongs to.")
OUTPUT_CLASS = Text(
    "output_class_id",
    "The class of what the thought yields.",
    optional=True,
    computed=True,
    clears=True,
    refers_to="class",
)
INDEX = Integer(
    "index", "Its place in the chain; the next free one when not given.", optional=True, computed=True, minimum=0
)
STATE = provision_state("thought")
