"""Doubles and checks for those who test against AutoMem: models, engines, environments."""
