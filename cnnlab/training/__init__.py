"""Training in the worker process: the only package that needs TensorFlow besides the builder."""

import os

# TensorFlow leaves oneDNN off on some processors, such as AMD's, where convolutions take twice as
# long without it. What the environment says counts; it must be said before TensorFlow is imported.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
