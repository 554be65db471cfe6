// Makes every call with a client whose types are generated from the API's description, so that a wrong parameter or field does
// not compile. Prints the ids of the operations that were called, as a JSON list. Run by check.py.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const client = createClient<paths>({ baseUrl: process.argv[2] });
const called: string[] = [];

/** Notes the operation, and returns the body of an answer without a problem. */
async function call<T>(operation: string, answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
    called.push(operation);
    const { data, error, response } = await answer;
    assert.ok(response.ok && data !== undefined, `${operation}: ${response.status} ${JSON.stringify(error)}`);
    return data;
}

const paper = "---\ntitle: Knees at noon\ndoi: 10.5555/knees.noon\n---\n\nKnees are stiff in the morning and better at noon, as two trials have shown.\n";

await call("isLive", client.GET("/livez"));
await call("isHealthy", client.GET("/healthz"));
const ready = await call("isReady", client.GET("/readyz"));

const query = { q: "MSC effect on RA stiffness", limit: 3, facets: ["years", "sections"] as ("years" | "sections")[] };
const found = await call("searchPassages", client.GET("/v1/search", { params: { query } }));
assert.equal(found.hits.length, 3);
assert.ok(found.total.passages >= 3 && found.facets?.years);
const hit = found.hits[0];
const byBody = await call("searchPassagesByBody", client.POST("/v1/search", { body: query }));
assert.deepEqual(byBody.hits.map((other) => other.id), found.hits.map((other) => other.id));
const refused = await client.GET("/v1/search", { params: { query: { q: " " } } });
assert.equal(refused.error?.code, "empty_question");

const sentence = [...hit.text].slice(hit.evidence[0].start, hit.evidence[0].end).join("");
const manuscript = { text: `> ${sentence}\n\n“Bees never quoted any cytokine”`, format: "markdown" };
const checked = await call("verifyQuotes", client.POST("/v1/verify", { body: manuscript }));
assert.deepEqual(checked.quotes.map((quote) => quote.status), ["verbatim", "not_found"]);
assert.ok(!checked.verified && checked.quotes[0].found?.paper.title);

const page = await call("listPapers", client.GET("/v1/papers", { params: { query: { limit: 5, sort: "title" } } }));
assert.equal(page.total, ready.papers);
const one = await call("getPaper", client.GET("/v1/papers/{id}", { params: { path: { id: hit.paper.id } } }));
assert.equal(one.title, hit.paper.title);
const passages = { params: { path: { id: hit.paper.id }, query: { limit: 1000 } } };
const listed = await call("listPaperPassages", client.GET("/v1/papers/{id}/passages", passages));
assert.ok(listed.passages.some((one) => one.id === hit.id));
const reading = await call("getPaperReading", client.GET("/v1/papers/{id}/reading", { params: { path: { id: hit.paper.id } } }));
assert.equal(reading.passages, listed.total);
const passage = await call("getPassage", client.GET("/v1/passages/{id}", { params: { path: { id: hit.id } } }));
assert.equal(passage.passage.text, hit.text);
const similar = { params: { path: { id: hit.id }, query: { limit: 2 } } };
assert.equal((await call("listSimilarPassages", client.GET("/v1/passages/{id}/similar", similar))).hits.length, 2);
const file = { params: { path: { id: hit.paper.id } }, parseAs: "text" as const };
assert.ok(await call("getPaperFile", client.GET("/v1/papers/{id}/file", file)));

const put = {
    params: { path: { id: "knees.md" }, query: { wait: true } },
    body: paper,
    bodySerializer: (body: string) => body,
    headers: { "content-type": "application/octet-stream" },
};
const task = await call("putPaper", client.PUT("/v1/papers/{id}", put));
assert.equal(task.status, "succeeded");
assert.equal((await call("getTask", client.GET("/v1/tasks/{id}", { params: { path: { id: task.id } } }))).file, "knees.md");
const follow = { params: { query: { ids: [task.id] } }, parseAs: "text" as const };
assert.match(await call("followTasks", client.GET("/v1/tasks/events", follow)), /"status":"succeeded"/);
assert.equal((await call("listTasks", client.GET("/v1/tasks"))).tasks[0].id, task.id);
const doi = { params: { path: { prefix: "10.5555", suffix: "knees.noon" } } };
assert.equal((await call("getPaperByDoi", client.GET("/v1/papers/{prefix}/{suffix}", doi))).title, "Knees at noon");
const named = { params: { path: { id: "knees.md" }, query: { wait: true } } };
assert.equal((await call("deletePaper", client.DELETE("/v1/papers/{id}", named))).paper, task.paper);
const form = {
    params: { query: { wait: true } },
    body: { files: [paper] },
    bodySerializer: (body: { files: string[] }) => {
        const data = new FormData();
        body.files.forEach((text, number) => data.append("files", new Blob([text]), `knees-${number}.md`));
        return data;
    },
};
const uploaded = await call("uploadPapers", client.POST("/v1/papers", form));
assert.equal(uploaded.files[0].task?.status, "succeeded");
await client.DELETE("/v1/papers/{id}", { params: { path: { id: "knees-0.md" }, query: { wait: true } } });
await call("reindex", client.POST("/v1/reindex", { params: { query: { wait: true } } }));

assert.equal((await call("getStatistics", client.GET("/v1/stats"))).papers, ready.papers);
assert.match(await call("getMetrics", client.GET("/metrics", { parseAs: "text" })), /^stroma_papers \d+$/m);
await call("showSearchPage", client.GET("/", { parseAs: "text" }));
await call("showApiPage", client.GET("/docs", { parseAs: "text" }));
console.log(JSON.stringify(called));
