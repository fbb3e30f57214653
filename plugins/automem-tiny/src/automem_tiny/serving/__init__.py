"""The backend `tiny`: the engine in a worker process, answering the calls of all episodes."""
