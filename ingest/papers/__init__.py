"""Signed papers: inspection reports and handover records that anybody can check with the log's public key."""
