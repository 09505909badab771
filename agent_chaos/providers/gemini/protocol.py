"""The Gemini API: `generateContent` and `streamGenerateContent`, on AI Studio and on Vertex AI.

https://ai.google.dev/api/generate-content. A turn whose tool-call arguments are no JSON object is written with the
nearest one, since the wire has no other: see `providers.parts.nearest_object`.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.providers.gemini import errors, rules, writing
from agent_chaos.providers.gemini import reading as gemini_reading
from agent_chaos.providers.gemini.parts import TURN
from agent_chaos.providers.gemini.prompt import model_and_verb, prompt, request_of
from agent_chaos.providers.gemini.reading import StreamReading, _Said, candidate_of, chunk_of, parts_in, read
from agent_chaos.providers.gemini.specifics import SPECIFICS
from agent_chaos.providers.json_values import JsonObject, fields, text_of
from agent_chaos.providers.parts.json_edit import rewritten
from agent_chaos.providers.protocol import Deltas, WireProtocol
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import Delta, ErrorKind, ModelTurn, Prompt
from agent_chaos.stream.exchange import End, Reply, Request, cut, with_body
from agent_chaos.stream.framing.framing import Frame, Framing
from agent_chaos.stream.framing.json_array import JSON_ARRAY
from agent_chaos.stream.framing.sse import SSE


class Gemini(WireProtocol):
    """`POST …/models/X:generateContent` and `:streamGenerateContent`, also of tuned models and endpoints."""

    name = "gemini"
    vendor = "gemini"
    carries = frozenset({"filters", "pauses", "signed_text"})
    framings = (SSE, JSON_ARRAY)
    key_variables = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    modules = ("google", "google.genai")
    specifics = SPECIFICS

    def recognise(self, request: Request) -> bool:
        return request.method == "POST" and bool(model_and_verb(request)[1])

    def streaming(self, request: Request) -> bool:
        return model_and_verb(request)[1] == "streamGenerateContent"

    def constrains(self, request: Request) -> bool:
        settings = fields(fields(request.json).get("generationConfig"))
        own = request.host == "generativelanguage.googleapis.com"
        return own and any(settings.get(name) for name in ("responseSchema", "responseJsonSchema"))

    def read_prompt(self, request: Request) -> Prompt:
        return prompt(request)

    def request(self, asked: Prompt) -> Request:
        return request_of(asked)

    def read(self, reply: Reply) -> ModelTurn:
        return gemini_reading.parse(reply)

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        return writing.render(turn, like, self.parse(like))

    def ids(self, reply: Reply) -> tuple[str, ...]:
        turn = self.parse(reply)
        chunks = [text_of(fields(one).get("responseId")) for one in turn.extra["chunks"]]
        tokens = [
            text_of(candidate_of(fields(one))[1].get("continuationToken")) for one in turn.extra["chunks"]
        ]
        # Tokens of a paused turn too: the next request brings one back, as it brings the ids.
        found = (turn.id, *(one for one in chunks if one != TURN), *tokens)
        return tuple(dict.fromkeys(one for one in (*found, *(call.id for call in turn.tool_calls)) if one))

    def read_deltas(self, reply: Reply) -> Deltas:
        """Per frame, the first part that it adds to: a frame may hold several whole parts."""
        framing = self.framing(reply)
        if framing is None:
            return ()
        found, reading = _heard(framing.frames_of(reply))
        first: dict[int, Delta] = {}
        for at, part, text in reading.said:
            first.setdefault(at, Delta(part, text))
        place = {one.start: at for at, one in enumerate(found)}
        return tuple((one.end, first.get(place.get(one.start, -1))) for one in framing.frames_of(reply))

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        """As the contract says; a function call, which arrives whole, is dropped where it would be cut."""
        framing = self.framing(reply)
        if framing is None:
            return reply
        found, reading = _heard(framing.frames_of(reply))
        hits = [said for said in reading.said if said[1] == part]
        left = chars
        for said in hits:
            # Or it is the last: with more characters than there are nothing of the part is cut.
            if left <= len(said[2]) or said is hits[-1]:
                body = reply.body[: found[said[0]].start] + _up_to(
                    found[said[0]], framing, reading, said, left
                )
                return cut(with_body(reply, body), len(body), End())
            left -= len(said[2])
        return reply

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        return errors.error_reply(kind, like, retry_after_s=retry_after_s)

    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        return errors.error_frames(kind)

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return rules.problems(request, served)

    def noise(self) -> tuple[bytes, ...]:
        """Comments of gateways before the API, which itself sends none (go-genai#903, python-genai#487)."""
        return b": heartbeat\r\n\r\n", b": ping\r\n\r\n", b":\r\n\r\n"


def _heard(frames: Iterable[Frame]) -> tuple[list[Frame], StreamReading]:
    """The frames that carry a response, and what they say together."""
    found = [(one, chunk) for one in frames if (chunk := chunk_of(one)) is not None]
    return [one for one, _ in found], read(chunk for _, chunk in found)


def _up_to(one: Frame, framing: Framing, reading: StreamReading, said: _Said, chars: int) -> bytes:
    """A frame up to some characters of what it says, without its finish; nothing where it would be empty."""
    chunk = reading.chunks[said[0]]
    nth = [other for other in reading.said if other[0] == said[0]].index(said)
    parts = parts_in(chunk)
    kept = [*parts[:nth], *_shortened(parts[nth], said[2], chars)]
    if not kept:
        return b""
    changed = gemini_reading.with_parts(chunk, kept, finished=False)
    return framing.with_data(one, rewritten(one.data, changed))


def _shortened(wire: JsonObject, text: str, chars: int) -> list[JsonObject]:
    if chars >= len(text):
        return [wire]
    if "text" not in wire or not chars:
        return []
    # Without its signature, which comes with the end of a part.
    return [{name: one for name, one in wire.items() if name != "thoughtSignature"} | {"text": text[:chars]}]


PROTOCOL = Gemini()
