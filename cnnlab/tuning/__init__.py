"""Sweeps: many trainings that differ in chosen fields, and the search for the best of them."""
