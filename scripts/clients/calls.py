"""Makes every call with the generated client. Prints the ids of the operations that were called, as a JSON list.

Run by check.py, in the folder that has the package `python_client`.
"""

import json
import re
import sys
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from python_client import Client  # noqa: E402
from python_client.api.changes import (
    delete_paper, follow_tasks, get_task, list_tasks, put_paper, reindex, upload_papers,
)  # noqa: E402
from python_client.api.health import get_metrics, is_healthy, is_live, is_ready  # noqa: E402
from python_client.api.pages import show_api_page, show_search_page  # noqa: E402
from python_client.api.papers import (  # noqa: E402
    get_paper, get_paper_by_doi, get_paper_file, get_paper_reading, get_passage, get_statistics, list_paper_passages, list_papers,
    list_similar_passages,
)
from python_client.api.search import search_passages, search_passages_by_body, verify_quotes  # noqa: E402
from python_client.models import FacetName, ListPapersSort, ProblemBody, SearchRequest, UploadForm, VerifyRequest  # noqa: E402
from python_client.types import File  # noqa: E402

PAPER = b"---\ntitle: Knees at noon\ndoi: 10.5555/knees.noon\n---\n\nKnees are stiff in the morning and better at noon, as two trials have shown.\n"
called = []


def call(operation, *arguments, status=200, **options):
    """Calls an operation and expects a status. Returns the body as the client parsed it."""
    words = operation.__name__.rsplit(".", 1)[-1].split("_")
    called.append(words[0] + "".join(word.capitalize() for word in words[1:]))
    reply = operation.sync_detailed(*arguments, client=client, **options)
    assert reply.status_code == status, (operation.__name__, reply.status_code, reply.content)
    return reply.parsed if reply.parsed is not None else reply.content


client = Client(base_url=sys.argv[1])
assert call(is_live).status == "ok" and call(is_healthy).status == "ok"
ready = call(is_ready)
assert ready.papers >= 10

found = call(search_passages, q="MSC effect on RA stiffness", limit=3, facets=[FacetName.YEARS, FacetName.SECTIONS])
assert len(found.hits) == 3 and found.total.passages >= 3 and found.answer.sentences
assert found.facets.years.additional_properties and not found.facets.journals
hit = found.hits[0]
assert hit.text and hit.evidence and hit.scores.paragraph > 0
by_body = call(search_passages_by_body, body=SearchRequest(q="MSC effect on RA stiffness", limit=3))
assert [other.id for other in by_body.hits] == [other.id for other in found.hits]
problem = call(search_passages, q=" ", status=400)
assert isinstance(problem, ProblemBody) and problem.code == "empty_question"

sentence = hit.text[hit.evidence[0].start:hit.evidence[0].end]
checked = call(verify_quotes, body=VerifyRequest(text=f"> {sentence}\n\n“Bees never quoted any cytokine”", format_="markdown"))
assert [quote.status for quote in checked.quotes] == ["verbatim", "not_found"] and not checked.verified
assert checked.quotes[0].found.paper.title and checked.counts.not_found == 1

page = call(list_papers, limit=5, sort=ListPapersSort.TITLE)
assert page.total == ready.papers and page.papers == sorted(page.papers, key=lambda paper: paper.title.lower())
paper = call(get_paper, hit.paper.id)
assert paper.title == hit.paper.title and paper.sections
assert hit.id in [passage for section in paper.sections for passage in section.passages]
passages = call(list_paper_passages, hit.paper.id, limit=1000)
assert hit.id in [passage.id for passage in passages.passages] and passages.total == len(passages.passages)
assert any(citation.references for passage in passages.passages for citation in passage.citations)
assert call(get_paper_reading, hit.paper.id).passages == passages.total
assert call(list_papers, papers=[hit.paper.id]).total == 1
assert call(get_passage, hit.id, neighbours=1).passage.text == hit.text
similar = call(list_similar_passages, hit.id, limit=2)
assert len(similar.hits) == 2 and similar.hits[0].text
assert call(get_paper_file, hit.paper.id)
assert call(get_paper, "no-such-paper", status=404).code == "not_found"

task = call(put_paper, "knees.md", body=File(BytesIO(PAPER)), wait=True)
assert task.status == "succeeded" and task.paper
assert call(get_task, task.id).file == "knees.md"
assert b'"status":"succeeded"' in follow_tasks.sync_detailed(client=client, ids=[task.id]).content
call(follow_tasks, ids=[task.id])
assert call(list_tasks).tasks[0].id == task.id
assert call(get_paper_by_doi, "10.5555", "knees.noon").title == "Knees at noon"
assert call(get_paper, "knees.md").id == task.paper
assert call(delete_paper, "knees.md", wait=True).paper == task.paper
form = UploadForm(files=[
    File(BytesIO(PAPER), file_name="knees.md", mime_type="text/markdown"),
    File(BytesIO(b"\x00\x01"), file_name="noise.md", mime_type="text/markdown"),
])
uploaded = call(upload_papers, body=form, wait=True)
assert uploaded.files[0].task.status == "succeeded" and uploaded.files[1].problem.code == "unreadable_paper"
call(delete_paper, task.paper, wait=True)
assert call(reindex, wait=True).status == "succeeded"

assert call(get_statistics).papers == ready.papers
assert re.search(rb"^stroma_papers \d+$", get_metrics.sync_detailed(client=client).content, re.MULTILINE)
call(get_metrics)
call(show_search_page)
call(show_api_page)
print(json.dumps(called))
