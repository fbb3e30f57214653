"""Trainers as the host knows them: their options, their checks, how their process is started."""
