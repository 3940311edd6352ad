"""Page images and page text of other people's files.

Everything here decodes foreign bytes with C libraries, so it runs in job children only.
"""

from preservation.contents import PageImages, RenderedPage, Word
from preservation.rendering.readers import can_render, page_count, pages

__all__ = ["PageImages", "RenderedPage", "Word", "can_render", "page_count", "pages"]
