"""From played episodes to conversations to train on."""
