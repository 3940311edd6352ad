"""E-ARK information packages (CSIP, SIP 2.1 and 2.2): read as streams, judged by each requirement."""

from metadata_schemas.eark.checking import Reference, check_folders, check_mets, inside
from metadata_schemas.eark.mets_reading import is_broken, is_eark
from metadata_schemas.eark.requirements import Folder

__all__ = ["Folder", "Reference", "check_folders", "check_mets", "inside", "is_broken", "is_eark"]
