"""The reference pages that are written from code, a module each."""
