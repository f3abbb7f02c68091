"""``fachwerk demo``: the whole line on an embedded mailbox, with real processes, real TLS and a real kill."""
