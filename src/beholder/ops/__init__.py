"""Pure tensor maths: colour, filters, pyramids, resizing. Nothing here knows of metrics or files."""
