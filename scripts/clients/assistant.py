"""Uses the library as an assistant does, with the official SDK for Python: over standard input and output, and over HTTP.

Run by check.py. Arguments: the command that serves the protocol, as JSON, and the address of the server's endpoint.
Prints one line for each transport, with the median time of a search.
"""

import asyncio
import json
import statistics
import sys
import time

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

QUESTION = "MSC effect on RA stiffness"


async def use(session, transport):
    about = await session.initialize()
    assert "abstained" in about.instructions
    tools = {tool.name: tool for tool in (await session.list_tools()).tools}
    assert set(tools) >= {"search", "passage", "paper", "similar", "library", "verify_quote"}, tools
    for tool in tools.values():
        assert tool.annotations.read_only_hint and tool.output_schema and tool.description, tool

    async def call(name, **arguments):
        result = await session.call_tool(name, arguments)
        assert not result.is_error, result.content
        return result.structured_content

    found = await call("search", question=QUESTION, limit=5)
    assert not found["abstained"] and found["answer"] and len(found["passages"]) == 5
    sentence = found["answer"][0]
    passage = await call("passage", id=sentence["passage"])
    assert sentence["text"] in passage["text"], "quoted word for word"
    assert passage["neighbours"]
    assert any(one["id"] == sentence["passage"] for one in found["passages"])
    evidence = [one for passage in found["passages"] for one in passage.get("evidence", [])]
    assert any(one.get("cites") for one in evidence), "primary studies"
    paper = await call("paper", id=sentence["passage"].rsplit(":", 1)[0], references=True)
    assert paper["outline"] and len(paper["cites"]) == paper["references"]
    assert len((await call("similar", id=sentence["passage"], limit=3))["passages"]) == 3
    verified = await call("verify_quote", quote=sentence["text"], paper=paper["id"])
    assert verified["status"] == "verbatim" and verified["passage"] == sentence["passage"], verified
    words = sentence["text"].split()
    altered = await call("verify_quote", quote=" ".join(words[:4] + ["surely"] + words[4:]))
    assert altered["status"] == "altered" and altered["text"] in sentence["text"], altered
    invented = await call("verify_quote", quote="The moon is made of cheese and of nothing else at all")
    assert invented["status"] == "not_found", invented
    library = await call("library")
    assert library["papers"] >= 10 and library["newest"]
    short = await call("search", question=QUESTION, limit=50, max_characters=1000)
    assert short["cut"] and len(json.dumps(short)) < 4000
    nothing = await call("search", question="price of copper futures in 1893")
    assert nothing["abstained"] and nothing["reason"] and not nothing["answer"]

    wrong = await session.call_tool("search", {"question": QUESTION, "limit": 1000})
    assert wrong.is_error and "from 1 to 50" in wrong.content[0].text
    absent = await session.call_tool("passage", {"id": "no:1"})
    assert absent.is_error and "no passage" in absent.content[0].text
    unasked = await session.call_tool("search", {})
    assert unasked.is_error and "question" in unasked.content[0].text

    templates = await session.list_resource_templates()
    assert {one.uri_template for one in templates.resource_templates} == {"stroma://paper/{id}", "stroma://passage/{id}"}
    page = await session.read_resource("stroma://passage/" + sentence["passage"])
    assert sentence["text"] in page.contents[0].text
    prompt = await session.get_prompt("answer_with_evidence", {"question": QUESTION})
    assert QUESTION in prompt.messages[0].content.text

    # A request that the client cancels does not affect the next one.
    try:
        await asyncio.wait_for(session.call_tool("search", {"question": "stiffness and pain at night"}), 0.001)
    except (asyncio.TimeoutError, TimeoutError):
        pass
    times = []
    for number in range(10):
        began = time.perf_counter()
        await call("search", question=f"{QUESTION} {number}")
        times.append(time.perf_counter() - began)
    print(f"assistant over {transport}: {len(tools)} tools, a search in {statistics.median(times) * 1e3:.1f} ms")


async def main():
    command = json.loads(sys.argv[1])
    async with stdio_client(StdioServerParameters(command=command[0], args=command[1:], env=json.loads(sys.argv[3]))) as streams:
        async with ClientSession(*streams) as session:
            await use(session, "standard input and output")
    async with streamable_http_client(sys.argv[2]) as streams:
        async with ClientSession(*streams[:2]) as session:
            await use(session, "HTTP")


asyncio.run(main())
