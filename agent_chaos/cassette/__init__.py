"""One recorded run at rest: model, file format, redaction, match keys, vcrpy interchange.

Imports `providers`, `stream` and `errors`.
"""
