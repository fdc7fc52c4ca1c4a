"""One module a way in which trainers write their logs; all end in the same rows."""
