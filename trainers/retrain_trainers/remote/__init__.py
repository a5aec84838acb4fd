"""Runs a trainer as a job of a cloud: folders of the store in, folders out. Needs nothing but Python."""
