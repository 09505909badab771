"""One recorded run at rest: model, file format, redaction, match keys, vcrpy interchange. Of the other rooms it
imports `providers` and `stream` alone.
"""
