"""What the reader process answers, by the libraries that each answer needs.

A module of these loads libraries that decode other people's bytes, so only the reader process imports it.
"""
