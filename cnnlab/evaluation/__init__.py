"""What predictions say about a model, computed without TensorFlow."""
