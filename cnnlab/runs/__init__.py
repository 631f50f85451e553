"""Runs and jobs: the store, their states, the scheduler and the processes it starts."""
