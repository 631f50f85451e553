"""Networks: their description as data, and the Keras models built from it."""
