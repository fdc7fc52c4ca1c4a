"""Where a stored result comes from: tables, folders and states that are written whole and verified when read."""
