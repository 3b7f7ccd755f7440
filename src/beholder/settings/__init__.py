"""What users write down once: typed settings in YAML files, with errors that name the line."""

from beholder.settings.files import change_settings, read_settings, write_settings
from beholder.settings.typed import Settings

__all__ = ["Settings", "change_settings", "read_settings", "write_settings"]
