"""Saved results made visible: tables, heat maps and the score page."""

from beholder.reports.heat import save_map
from beholder.reports.map_folder import MapFolder, map_names
from beholder.reports.score_page import write_score_page
from beholder.reports.tables import score_table, summary_table
from beholder.reports.video_page import choose_frames, write_video_page

__all__ = [
    "MapFolder",
    "choose_frames",
    "map_names",
    "save_map",
    "score_table",
    "summary_table",
    "write_score_page",
    "write_video_page",
]
