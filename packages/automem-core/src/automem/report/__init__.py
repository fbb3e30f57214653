"""Pages that people read: runs as one HTML file, or served while they are looked at."""
