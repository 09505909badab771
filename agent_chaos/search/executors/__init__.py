"""Where examples run: in this process, in others, or wherever a `concurrent.futures.Executor` puts them."""
