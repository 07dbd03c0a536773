"""The companion service of the personalization module: profiles over HTTP."""

from importlib.metadata import version

__version__ = version("memovee-personalization")
