"""Tokenizer, network and training; these modules run in an interpreter with torch."""
