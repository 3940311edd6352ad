"""Folders that agencies lay down, taken up once they are complete."""
