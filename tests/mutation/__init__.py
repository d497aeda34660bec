"""Mutation testing of the engine: each small damage to its code must make a test fail.

`python -m tests.mutation` says how many of the damaged versions a test noticed, and names those that none did.
"""
