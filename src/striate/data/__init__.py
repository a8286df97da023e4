"""Images with labels: read from official sets, .npz files and folders; split, and handed out in batches."""

from striate.data.batches import batches
from striate.data.dataset import Dataset, Splits
from striate.data.image import read_image
from striate.data.load import NAMES, load
from striate.data.split import describe, split

__all__ = ["NAMES", "Dataset", "Splits", "batches", "describe", "load", "read_image", "split"]
