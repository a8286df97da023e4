"""The live page: a local server, one thread that trains, and the browsers that watch.

Nothing is imported here: take what you need from the modules.
"""
