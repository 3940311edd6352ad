"""What programs may ask of the portal, after the same gate."""
