"""Tools that a run called past their boundary, told by the results that its requests hold."""

from dataclasses import replace

import httpx
import openai

from agent_chaos.cassette.model import ToolRecord
from agent_chaos.trial.unobserved_tools import past_boundary
from tests.faults.sdk_agents import KEY
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.standin.wires import MODELS
from tests.trials import json_reply, recorded, scenario, trial

SHOP = "https://shop.test/orders"


def answering_by_state(ctx, text):
    """Asks a shop, and answers a call of the model by results alone: the server keeps who was called."""
    httpx.get(SHOP)
    client = openai.OpenAI(api_key=KEY)
    first = client.responses.create(model=MODELS["openai_responses"], input=text)
    (call,) = [one for one in first.output if one.type == "function_call"]
    given = {"type": "function_call_output", "call_id": call.call_id, "output": "21"}
    then = client.responses.create(
        model=MODELS["openai_responses"], input=[given], previous_response_id=first.id
    )
    return then.output_text


def test_a_result_is_known_by_the_call_in_an_earlier_reply_and_hosts_without_models_are_passed_over():
    subject = scenario(answering_by_state, hosts=("shop.test",))
    said = (Said("I look.", (Called.of("weather", {"city": "Zürich"}),)), Said("It is 21 °C."))
    replies = [spoken("openai_responses", one, number, stream=False) for number, one in enumerate(said)]
    cassette = recorded(subject, [json_reply({"orders": []}), *replies])
    at_boundary = replace(cassette, tools=(ToolRecord(0, 0, 1.0, "weather", {"city": "Zürich"}, after=1),))
    trace = trial(subject, cassette)

    assert past_boundary(at_boundary, trace, ()) == ("weather",)
    assert past_boundary(at_boundary, trace, ("weather",)) == ()
    assert past_boundary(cassette, trace, ()) == ()
