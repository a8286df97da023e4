"""Training: optimisers, schedules, the loop as a generator of reports, evaluation, and the model file.

Nothing is imported here: take what you need from the modules.
"""
