"""What each command does once its options are read; `cli.py` holds the options and the help."""
