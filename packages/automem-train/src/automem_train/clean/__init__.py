"""From a reply to a training target: fixed rules that only cut, and checks that only refuse."""
