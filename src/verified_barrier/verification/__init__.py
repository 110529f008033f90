"""Checks that hold the library against its specification.

Everything here needs the extra ``check``; the library itself needs none of it.
"""
