"""Predictions with LiteRT, without TensorFlow."""
