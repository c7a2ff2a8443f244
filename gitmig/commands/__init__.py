"""The commands: one file each, plain values in, a report out. No click, no printing."""
