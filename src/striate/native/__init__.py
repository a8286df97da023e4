"""Machine code: assembled, cached on disk, loaded, and run by a team of threads."""
