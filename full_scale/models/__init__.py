"""Language models: from a hub folder, from a package, as a small random one; text and images."""
