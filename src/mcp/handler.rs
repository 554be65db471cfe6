//! The tools, resources and prompts that the protocol offers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rmcp::handler::server::router::prompt::PromptRouter;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{
    Implementation, ListResourceTemplatesResult, PaginatedRequestParams, PromptMessage, ReadResourceRequestParams,
    ReadResourceResponse, ReadResourceResult, ResourceContents, ResourceTemplate, Role, ServerCapabilities,
    ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{
    ErrorData, RoleServer, ServerHandler, prompt, prompt_handler, prompt_router, tool, tool_handler, tool_router,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::output::{LibraryOutput, PaperOutput, PassageOutput, QuoteOutput, SearchOutput, SimilarOutput};
use super::{catalogue, pages};
use crate::corpus::SectionKind;
use crate::corpus::manuscript::{Quotation, QuotationKind};
use crate::quotes::QuoteIndexCache;
use crate::search::{Engine, Request, check_lists};
use crate::store::{Filter, Labels};

/// What every assistant is told about this server.
const INSTRUCTIONS: &str = "A library of review articles on this machine. Use `search` for questions; it returns sentences quoted \
    verbatim, with the ids of their passages and the primary studies they cite. Quote them word for word and cite passages by id, \
    as in [10.1186_ar2116:12]. If `abstained` is true, the library has no answer: say so. A source that ends with `[retracted]` must \
    not be relied on: say that it is retracted.";

/// Characters that a tool returns at most, unless it is asked for more.
const DEFAULT_CHARACTERS: usize = 8_000;
const MAX_CHARACTERS: usize = 100_000;

/// Characters of a quotation.
const MAX_QUOTE: usize = 5_000;

/// Limits on what assistants ask, and defaults.
#[derive(Debug, Clone)]
pub struct McpLimits {
    /// One for each request that may be answered at a time. Further ones are refused.
    pub permits: Arc<Semaphore>,
    /// Maximum time for one answer.
    pub timeout: Option<Duration>,
    /// Maximum number of Unicode characters of a question.
    pub max_question_characters: usize,
    /// Maximum number of passages of one paper among those that a question finds.
    pub per_paper: usize,
}

/// A server of the protocol over one engine. Cheap to clone: each session has one.
#[derive(Clone)]
pub struct McpServer {
    engine: Engine,
    limits: McpLimits,
    /// Made at the first quotation after a commit.
    quotes: Arc<QuoteIndexCache>,
    tool_router: ToolRouter<Self>,
    prompt_router: PromptRouter<Self>,
}

impl std::fmt::Debug for McpServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("McpServer").field("engine", &self.engine).finish_non_exhaustive()
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SearchInput {
    /// The question, in words: "effect of mesenchymal stem cells on stiffness in rheumatoid arthritis". Also conditions
    /// ("exact phrase", -word, author:, year:2015..2020, journal:, title:, collection:, tag:), or the name of a paper (DOI, PMID,
    /// title, authors).
    question: String,
    /// Number of passages, from 1 to 50; 8 by default.
    #[schemars(with = "Option<i64>")]
    limit: Option<usize>,
    /// First year of papers.
    #[schemars(with = "Option<i64>")]
    year_from: Option<u16>,
    /// Last year of papers.
    #[schemars(with = "Option<i64>")]
    year_to: Option<u16>,
    /// Journals; any of them.
    #[serde(default)]
    journals: Vec<String>,
    /// Papers by id, DOI, PMID or PMCID; any of them.
    #[serde(default)]
    papers: Vec<String>,
    /// Kinds of sections: abstract, introduction, background, methods, results, discussion, conclusion, other; any of them.
    #[serde(default)]
    sections: Vec<String>,
    /// Collections of the user's reference manager, by path ("MSC/Clinical") or name; any of them. `library` lists them.
    #[serde(default)]
    collection: Vec<String>,
    /// Tags of the user's reference manager; any of them. `library` lists them.
    #[serde(default)]
    tag: Vec<String>,
    /// Characters to return at most; 8000 by default.
    #[schemars(with = "Option<i64>")]
    max_characters: Option<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct PassageInput {
    /// The id of a passage: `10.1186_ar2116:12`.
    id: String,
    /// Number of passages from before and from after it, from 0 to 10; 1 by default.
    #[schemars(with = "Option<i64>")]
    neighbours: Option<u32>,
    /// Characters to return at most, besides the passage itself; 8000 by default.
    #[schemars(with = "Option<i64>")]
    max_characters: Option<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct PaperInput {
    /// The id of a paper, its DOI, PMID or PMCID.
    id: String,
    /// Whether the studies that it cites are returned.
    #[serde(default)]
    references: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SimilarInput {
    /// The id of a passage.
    id: String,
    /// Number of passages, from 1 to 50; 8 by default.
    #[schemars(with = "Option<i64>")]
    limit: Option<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct QuoteInput {
    /// The words that are quoted, without quotation marks. An elision is written as "…" or "[…]".
    quote: String,
    /// The paper or passage that is said to have them: an id, DOI, PMID or PMCID.
    paper: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct QuestionInput {
    /// The question to answer.
    question: String,
}

#[tool_router(router = tool_router)]
impl McpServer {
    /// A server over an engine. `quotes` may be shared with others: it is large.
    pub fn new(engine: Engine, limits: McpLimits, quotes: Arc<QuoteIndexCache>) -> Self {
        Self { engine, limits, quotes, tool_router: Self::tool_router(), prompt_router: Self::prompt_router() }
    }

    /// Answers a question from the review articles in the library: sentences quoted verbatim, the passages that have them, and the
    /// primary studies they cite. If `abstained` is true, the library has no answer; say so, and do not answer from the passages.
    #[tool(name = "search", annotations(title = "Search the reviews", read_only_hint = true, open_world_hint = false))]
    async fn search(&self, Parameters(input): Parameters<SearchInput>) -> Result<Json<SearchOutput>, String> {
        let limit = within("limit", input.limit, 8, 1, 50)?;
        let max_characters = characters(input.max_characters)?;
        let (length, most) = (input.question.chars().count(), self.limits.max_question_characters);
        if length > most {
            return Err(format!("question has {length} characters, at most {most} are allowed"));
        }
        check_lists(&[
            ("journals", &input.journals),
            ("papers", &input.papers),
            ("sections", &input.sections),
            ("collection", &input.collection),
            ("tag", &input.tag),
        ])?;
        let filter = Filter {
            year_from: input.year_from,
            year_to: input.year_to,
            journals: input.journals.into_iter().collect(),
            papers: input.papers.into_iter().collect(),
            sections: input.sections.iter().map(|name| section(name)).collect::<Result<_, _>>()?,
            ..Filter::default()
        };
        let labels =
            Labels { collections: input.collection.into_iter().collect(), tags: input.tag.into_iter().collect() };
        let per_paper = self.limits.per_paper;
        let request = Request { limit, per_paper, filter, labels, ..Request::new(&input.question) };
        self.blocking(move |engine| {
            let answer = engine.search(&request).map_err(|error| error.to_string())?;
            Ok(Json(SearchOutput::new(&answer, max_characters)))
        })
        .await
    }

    /// Returns a passage in full, with those before and after it.
    #[tool(name = "passage", annotations(title = "Read a passage", read_only_hint = true, open_world_hint = false))]
    async fn passage(&self, Parameters(input): Parameters<PassageInput>) -> Result<Json<PassageOutput>, String> {
        let neighbours = within("neighbours", input.neighbours, 1, 0, 10)?;
        let max_characters = characters(input.max_characters)?;
        self.blocking(move |engine| {
            let snapshot = engine.store().snapshot();
            let found = catalogue::passage(&snapshot, &input.id, neighbours, max_characters);
            found.map_err(|error| error.to_string())?.map(Json).ok_or_else(|| unknown("passage", &input.id))
        })
        .await
    }

    /// Returns a paper: authors, year, journal, its outline with the ids of its passages, and the studies it cites if asked for.
    #[tool(name = "paper", annotations(title = "Describe a paper", read_only_hint = true, open_world_hint = false))]
    async fn paper(&self, Parameters(input): Parameters<PaperInput>) -> Result<Json<PaperOutput>, String> {
        self.blocking(move |engine| {
            let found = catalogue::paper(&engine.store().snapshot(), &input.id, input.references);
            found.map_err(|error| error.to_string())?.map(Json).ok_or_else(|| unknown("paper", &input.id))
        })
        .await
    }

    /// Returns passages of other papers that are close in meaning to a passage.
    #[tool(
        name = "similar",
        annotations(title = "Find similar passages", read_only_hint = true, open_world_hint = false)
    )]
    async fn similar(&self, Parameters(input): Parameters<SimilarInput>) -> Result<Json<SimilarOutput>, String> {
        let limit = within("limit", input.limit, 8, 1, 50)?;
        self.blocking(move |engine| {
            let found = catalogue::similar(&engine.store().snapshot(), &input.id, limit);
            found.map_err(|error| error.to_string())?.map(Json).ok_or_else(|| unknown("passage", &input.id))
        })
        .await
    }

    /// Checks a quotation before it is used: whether a paper of the library has it word for word, and in which passage.
    #[tool(
        name = "verify_quote",
        annotations(title = "Verify a quotation", read_only_hint = true, open_world_hint = false)
    )]
    async fn verify_quote(&self, Parameters(input): Parameters<QuoteInput>) -> Result<Json<QuoteOutput>, String> {
        let length = input.quote.chars().count();
        if input.quote.trim().is_empty() || length > MAX_QUOTE {
            return Err(format!("quote has {length} characters, expected from 1 to {MAX_QUOTE}"));
        }
        let quotes = Arc::clone(&self.quotes);
        self.blocking(move |engine| {
            let quotation = Quotation {
                kind: QuotationKind::Block,
                text: input.quote,
                line: 1,
                place: 0..length,
                cited: input.paper.into_iter().collect(),
            };
            let snapshot = engine.store().snapshot();
            let index = quotes.of(&snapshot).map_err(|error| error.to_string())?;
            let index = index.ok_or("the papers are being prepared for comparison; try again in a few seconds")?;
            let verdict = index.check(&snapshot, &quotation, &BTreeMap::new(), Some(&|| Some(engine.embedder())));
            let verdict = verdict.map_err(|error| error.to_string())?;
            match verdict.cited.iter().find(|work| work.papers.is_empty()) {
                // That another paper has the words would confirm nothing of the one that was named.
                Some(absent) => Err(format!(
                    "{}, so the quotation cannot be verified in it; without `paper`, all papers are searched",
                    unknown("paper", &absent.key)
                )),
                None => Ok(Json(QuoteOutput::new(&verdict))),
            }
        })
        .await
    }

    /// Says what the library has: how many papers and passages, of which years, journals, types, collections and tags, and
    /// the newest papers.
    #[tool(
        name = "library",
        annotations(title = "Describe the library", read_only_hint = true, open_world_hint = false)
    )]
    async fn library(&self) -> Result<Json<LibraryOutput>, String> {
        self.blocking(|engine| {
            catalogue::library(&engine.store().snapshot()).map(Json).map_err(|error| error.to_string())
        })
        .await
    }

    /// Runs work on a thread for blocking work. If the client cancels its request or the time is over, the work still ends by itself
    /// and holds its permit until then.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let permit = Arc::clone(&self.limits.permits).try_acquire_owned();
        let permit = permit.map_err(|_| "too many requests are being answered; try again".to_owned())?;
        let engine = self.engine.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&engine)
        });
        let done = async {
            done.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a tool failed");
                Err("an internal error; the log says more".to_owned())
            })
        };
        let Some(timeout) = self.limits.timeout else { return done.await };
        let late = |_| Err(format!("no answer within {} ms; try again", timeout.as_millis()));
        tokio::time::timeout(timeout, done).await.unwrap_or_else(late)
    }
}

#[prompt_router]
impl McpServer {
    /// Answers a question from the library, with verbatim quotations and the ids of their passages
    #[prompt(name = "answer_with_evidence")]
    async fn answer_with_evidence(&self, Parameters(input): Parameters<QuestionInput>) -> Vec<PromptMessage> {
        let text = format!(
            "Answer this question from the review articles in the library: {}\n\n\
             Use the tool `search`, more than once with other words where that helps, and `passage` for context. Support each statement \
             with a sentence quoted word for word in quotation marks, followed by the id of its passage in square brackets, and name \
             the primary studies that it cites. If the tool abstains, say that the library has no answer.",
            input.question
        );
        vec![PromptMessage::new_text(Role::User, text)]
    }
}

#[tool_handler(router = self.tool_router)]
#[prompt_handler(router = self.prompt_router)]
impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_prompts().enable_resources().build();
        let about = Implementation::new("stroma", env!("CARGO_PKG_VERSION")).with_title("Stroma");
        ServerConfig::new(capabilities).with_server_info(about).with_instructions(INSTRUCTIONS)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let template = |prefix: &str, name: &str, description: &str| {
            let template = ResourceTemplate::new(format!("{prefix}{{id}}"), name);
            template.with_description(description).with_mime_type("text/markdown")
        };
        Ok(ListResourceTemplatesResult::with_all_items(vec![
            template(pages::PAPER, "paper", "A paper, its passages under their headings"),
            template(pages::PASSAGE, "passage", "A passage and the studies that it cites"),
        ]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri.clone();
        let read =
            move |engine: &Engine| pages::page(&engine.store().snapshot(), &uri).map_err(|error| error.to_string());
        let page = self.blocking(read).await.map_err(|error| ErrorData::internal_error(error, None))?;
        let missing = || ErrorData::resource_not_found(format!("there is no {}", request.uri), None);
        let contents = ResourceContents::text(page.ok_or_else(missing)?, &request.uri).with_mime_type("text/markdown");
        Ok(ReadResourceResult::new(vec![contents]).into())
    }
}

fn unknown(what: &str, id: &str) -> String {
    format!("the library has no {what} {id:?}")
}

fn section(name: &str) -> Result<SectionKind, String> {
    name.parse().map_err(|known| format!("sections holds {name:?}; {known}"))
}

fn characters(given: Option<usize>) -> Result<usize, String> {
    within("max_characters", given, DEFAULT_CHARACTERS, 100, MAX_CHARACTERS)
}

/// A number within its range, or its default.
fn within<N: PartialOrd + std::fmt::Display>(
    name: &str,
    given: Option<N>,
    default: N,
    min: N,
    max: N,
) -> Result<N, String> {
    match given {
        None => Ok(default),
        Some(number) if number >= min && number <= max => Ok(number),
        Some(number) => Err(format!("{name} is {number}, expected a number from {min} to {max}")),
    }
}
