"""What people look at: the frame and the style sheet of all pages, and how they are answered."""

from hosting.pages.assets import Assets
from hosting.pages.frame import SHARED, Pages, policy, secured

__all__ = ["SHARED", "Assets", "Pages", "policy", "secured"]
