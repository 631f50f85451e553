"""Names in the files of exported networks: their functions, what those take and what they give."""

PIXELS, PROBABILITIES, FEATURES = "pixels", "probabilities", "features"
MAP, HIDDEN, CLASS_INDEX, HEAT = "map", "hidden", "class_index", "heat"
# Signatures of the file; programs that know no names run the first one by the alphabet.
PREDICT, EXPLAIN = "serving_default", "serving_explain"
