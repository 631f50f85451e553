"""A laboratory for image classifiers: look at pictures, train networks, see where they fail."""

__version__ = "0.1.0"
