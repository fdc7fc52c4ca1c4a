"""What every part of the package uses: errors, argument checks, precision, random streams, the command line."""
