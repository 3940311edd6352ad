"""Who asks, in which language, and of which installation."""
