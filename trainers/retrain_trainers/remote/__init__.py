"""Runs a trainer as a job of a cloud: folders of a mounted store in, folders out. Knows no cloud's SDK, needs no library."""
