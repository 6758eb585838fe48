"""Asks a server with the real `openai` SDK and prints what came, as JSON. Runs in the peers' environment.

sdk_client.py BASE_URL IMAGE MASK FOLDER      IMAGE and MASK are PNG files, results go into FOLDER
"""

import base64
import json
import sys
import urllib.request
from pathlib import Path

import openai

base_url, image, mask, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
client = openai.OpenAI(base_url=base_url, api_key="any", max_retries=0, timeout=90)
told: dict[str, object] = {"version": openai.__version__}


def keep(name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def kept(name: str, b64: str | None) -> str:
    assert b64 is not None
    return keep(name, base64.b64decode(b64))


models = client.models.list()
told["models"] = [model.id for model in models]
told["one_model"] = client.models.retrieve("auto").to_dict()

edit = client.images.edit(
    image=image.open("rb"), mask=mask.open("rb"), prompt="heal", model="patchmatch", n=2
)
assert edit.data is not None
told["b64"] = [kept(f"b64-{index}.png", item.b64_json) for index, item in enumerate(edit.data)]
told["about"] = edit.to_dict() | {"data": None}
told["seeds"] = [item.to_dict()["seed"] for item in edit.data]

linked = client.images.edit(
    image=[image.open("rb"), mask.open("rb")],
    mask=mask.open("rb"),
    prompt="heal",
    model="instant",
    response_format="url",
    output_format="webp",
)
assert linked.data is not None
url = linked.data[0].url
assert url is not None
told["url"] = url
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with opener.open(url, timeout=30) as reply:
    told["linked"] = keep("linked.webp", reply.read())

scaled = client.images.edit(
    image=image.open("rb"), mask=mask.open("rb"), prompt="heal", model="instant", size="1536x1024"
)
assert scaled.data is not None
told["scaled"] = kept("scaled.png", scaled.data[0].b64_json)

events = []
for event in client.images.edit(
    image=image.open("rb"),
    mask=mask.open("rb"),
    prompt="heal",
    model="patchmatch",
    stream=True,
    partial_images=2,
):
    # Told by the SDK's own types, each field of which the model has checked.
    event.model_validate(event.to_dict(), strict=True)
    events.append(
        {
            "class": type(event).__name__,
            "file": kept(f"event-{len(events)}.png", event.b64_json),
            "about": event.to_dict() | {"b64_json": None},
        }
    )
told["events"] = events

errors = {}
for name, wrong in {
    "model": {"model": "gpt-image-2"},
    "n": {"n": 99},
    "quality": {"quality": "best"},
    "stream": {"stream": True, "n": 2},
}.items():
    try:
        client.images.edit(image=image.open("rb"), mask=mask.open("rb"), prompt="heal", **wrong)
    except openai.APIStatusError as error:
        errors[name] = [type(error).__name__, error.code, error.param, error.type, error.request_id]
try:
    client.images.edit(image=image.open("rb"), prompt="heal")
except openai.APIStatusError as error:
    errors["mask"] = [type(error).__name__, error.code, error.param, error.type, error.request_id]
try:
    client.images.generate(prompt="a cat")
except openai.APIStatusError as error:
    errors["generations"] = [type(error).__name__, error.code, error.param, error.type, error.request_id]
told["errors"] = errors

print(json.dumps(told))
