"""Chat Completions as OpenAI began them and many hosts speak them: what their protocols share, and no protocol itself."""
