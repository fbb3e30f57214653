"""SGLang: its command line, and the backend that asks it."""
