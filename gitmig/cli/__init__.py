"""The command line: options in, a command called, its report printed. Only place with click."""
