"""What computes the scores."""

from beholder.scoring.engines.openvino_engine import OpenVINOEngine

__all__ = ["OpenVINOEngine"]
