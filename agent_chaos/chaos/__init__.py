"""Faults, one file each, and plans of them. Pure; imports `stream`, `providers` and `errors` only.

A module in this folder that defines a `Fault` subclass with a `kind` adds that fault; there is no other registration.
"""
