"""The only code that touches live clients, clocks and sockets."""
