"""What people see of a served control plane: the picture of its spaces, and a page of each object, to be read only.

The pages show what the API answers to who may read, and nothing that it withholds.
"""

from tama.control_plane.web.pages.views import add_pages

__all__ = ["add_pages"]
