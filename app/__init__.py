"""Maskroom: a desktop inpainting editor.

This file holds the one place the version is written; it must import nothing, so that `maskroom --version`,
the build and every worker process can read it for free.
"""

__version__ = "0.1.0"
