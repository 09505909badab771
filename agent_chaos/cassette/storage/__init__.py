"""The file: frames, records, index, journal, reading and writing. The only I/O of the room."""
