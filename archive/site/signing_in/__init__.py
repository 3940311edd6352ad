"""The door of the house: signing in and out, and how a device shows the pages."""
