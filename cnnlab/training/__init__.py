"""Training in the worker process: the only package that needs TensorFlow besides the builder."""
