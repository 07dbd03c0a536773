"""The provisioning API over HTTP: a Flask application around a control plane."""

from tama.control_plane.web.app import create_app
from tama.control_plane.web.observing import Observer

__all__ = ["Observer", "create_app"]
