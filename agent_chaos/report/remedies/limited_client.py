"""A client that waits for a reply only as long as a turn may take, by protocol; the words as in a remedy's code."""

from __future__ import annotations

LIMITED_CLIENT = {
    "anthropic_messages": "$client = $made(timeout=30, max_retries=1)",
    "openai_chat": "$client = $made(timeout=30, max_retries=1)",
    "openai_responses": "$client = $made(timeout=30, max_retries=1)",
    "bedrock_converse": "patience = botocore.config.Config(\n"
    '    read_timeout=30, retries={"total_max_attempts": 2}\n'
    ")\n"
    "$client = $made(config=patience)",
    "gemini": "options = types.HttpOptions(timeout=30_000)  # milliseconds\n$client = $made(http_options=options)",
}
