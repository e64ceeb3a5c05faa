"""Which source records are the same customer, and which id he keeps."""

from models.identity.customer_ids import ALIASES_SCHEMA, KNOWN_SCHEMA
from models.identity.evidence import CUTS_SCHEMA, EVIDENCE_SCHEMA
from models.identity.linking import DECISIONS_SCHEMA, LINKS_SCHEMA, Linked, link_records
from models.identity.records import RECORD_KEY

__all__ = [
    "ALIASES_SCHEMA",
    "CUTS_SCHEMA",
    "DECISIONS_SCHEMA",
    "EVIDENCE_SCHEMA",
    "KNOWN_SCHEMA",
    "LINKS_SCHEMA",
    "RECORD_KEY",
    "Linked",
    "link_records",
]
