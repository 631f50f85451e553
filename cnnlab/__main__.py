"""`python -m cnnlab`."""

from cnnlab.cli import main

if __name__ == "__main__":  # also imported by processes that paint pictures
    main()
