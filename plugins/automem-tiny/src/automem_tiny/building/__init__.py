"""`automem-tiny build`: phases that are done once each, in processes that end with the build."""
