"""What a page may load and do: the same words for every page, and one looser one for the viewer."""

# The viewer's library writes HTML as text, so it cannot run under trusted types.
VIEWER = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
    "font-src": "'self'", "connect-src": "'self'", "media-src": "'self'", "manifest-src": "'self'",
    "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
}  # fmt: skip
CONTENT = {**VIEWER, "require-trusted-types-for": "'script'"}
PERMISSIONS = {"camera": "()", "microphone": "()", "geolocation": "()"}
