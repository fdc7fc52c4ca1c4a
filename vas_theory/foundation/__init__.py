"""What every part of the package stands on: errors, argument checks, precision, random streams, the command line."""
