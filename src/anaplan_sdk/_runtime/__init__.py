"""Hand-written pairs of functions and classes: the same names for tasks and for threads.

`asynchronous` serves the code in `_async`, `synchronous` that in `_sync`. `flow` holds what both
share.
"""
