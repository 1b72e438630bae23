"""Authorization as AppSync does it: modes, issuers, signatures, identities and the schema's directives."""
