"""A stand-in for the providers: real sockets, real framing, scripted models. Knows nothing of agent_chaos."""
