"""What the launcher starts: `python -I -S provider/__main__.py SITE_PACKAGES CERTIFICATES`.

It is compiled at every start, as Python caches imported modules alone; so it is small.
"""

from __future__ import annotations

import sys

sys.path += [__file__.removesuffix("/provider/__main__.py"), sys.argv[1]]

from provider.protocol.launch import main

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provider.protocol.server import Plugin

# What the schemas are made by.
_SCHEMAS = ("provider/framework", "provider/protocol", "provider/resources", "tama/catalog")


def load() -> Plugin:
    """Return the plugin; all that is imported here is imported while Terraform dials."""
    from provider.framework.server import Server  # noqa: PLC0415 - see above
    from provider.kept import keep  # noqa: PLC0415 - see above
    from provider.resources.provider import TamaProvider  # noqa: PLC0415 - see above

    root = __file__.removesuffix("/provider/__main__.py")
    code = tuple(f"{root}/{folder}" for folder in _SCHEMAS)
    return Server(TamaProvider(sys.argv[1]), lambda make: keep(f"{sys.argv[2]}/schemas", code, make))


main(load, certificates=sys.argv[2])
