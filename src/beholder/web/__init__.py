"""What servers share: a port, a process that answers until it is told to stop, answers to what was not read."""

from beholder.web.lingering import Lingering
from beholder.web.server import open_port, serve, serving
from beholder.web.workers import serve_many

__all__ = ["Lingering", "open_port", "serve", "serve_many", "serving"]
