"""What the browser is sent, made from its sources; a developer runs it, an installation never does."""
