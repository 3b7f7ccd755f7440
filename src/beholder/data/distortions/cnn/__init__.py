"""The CNN distortions: what denoising autoencoders make of pictures."""

from beholder.data.distortions.cnn.design import AutoencoderDesign, draw_design
from beholder.data.distortions.cnn.files import Autoencoder, find_autoencoders
from beholder.data.distortions.cnn.generator import Generator
from beholder.data.distortions.cnn.schemes import Cnn, Mix

__all__ = ["Autoencoder", "AutoencoderDesign", "Cnn", "Generator", "Mix", "draw_design", "find_autoencoders"]
