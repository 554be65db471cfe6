//! Measures answering over HTTP: `stroma serve` with an index of real papers and real clients.

use std::path::Path;
use std::process::{Command, Stdio};

use stroma::corpus::Reference;
use stroma::embed::{BertEmbedder, BertOptions, Embedder, Role};
use stroma::index::PassageIndex;
use stroma::search::Stage;
use stroma::store::{Signature, Snapshot, Store};

use crate::client::{Asked, Client, Server, ask};
use crate::process::run_to_end;
use crate::report::{Bound, Section, median, quantile};
use crate::scale::recall;
use crate::{Outcome, STROMA, project, texts, workplace};

/// Number of questions of one client before measuring, and number of measured questions.
const WARM_UP: usize = 50;
const ASKED: usize = 400;

const CLIENTS: usize = 8;

/// Each round takes a few seconds, and shared machines are sometimes slow; the median of the rounds is reported.
const ROUNDS: usize = 3;

/// Questions that are repeated.
const REPEATED: usize = 20;

/// Questions for which the scan is compared with all passages.
const COMPARED: usize = 500;

pub(crate) fn measure(model: &str) -> Outcome<String> {
    let folder = workplace(&format!("index-of-papers/{model}"))?;
    index(&folder, model)?;
    let model_folder = project("models").join(model);
    let embedder = BertEmbedder::start(&BertOptions { folder: model_folder, ..BertOptions::default() })?;
    let snapshot = PassageIndex::open(&folder, &Signature::from_embedder(&embedder))?.snapshot();
    let (questions, passages) = (questions(&snapshot)?, snapshot.counts().passages);
    let (warm_up, rest) = questions.split_at_checked(WARM_UP).ok_or("the papers cite too little")?;
    let server = Server::start(&folder, model)?;
    ask(&server, &[warm_up])?;
    let asked = ASKED.min(rest.len() / (ROUNDS * (CLIENTS + 1) + 1));
    let mut fresh = rest.chunks_exact(asked.max(1));
    let (mut one, mut many) = (Rounds::default(), Rounds::default());
    for _ in 0..ROUNDS {
        one.0.push(ask(&server, &[fresh.next().ok_or("the papers cite too little")?])?);
        many.0.push(ask(&server, &fresh.by_ref().take(CLIENTS).collect::<Vec<_>>())?);
    }
    let stages = stages(&server, fresh.next().ok_or("the papers cite too little")?)?;
    let again: Vec<String> =
        rest.get(..REPEATED).ok_or("the papers cite too little")?.iter().cycle().take(ASKED).cloned().collect();
    let (mut repeated, mut all_repeat) = (Rounds::default(), Rounds::default());
    for _ in 0..ROUNDS {
        repeated.0.push(ask(&server, &[&again])?);
        all_repeat.0.push(ask(&server, &[again.as_slice(); CLIENTS])?);
    }
    let recall = recall(&snapshot, &embedder.embed(&questions[..COMPARED.min(questions.len())], Role::Query)?)?;
    let memory = server.anonymous_megabytes();
    let mut section = Section::new(&format!(
        "{model}, {passages} paragraphs, `stroma serve`, questions are the titles of studies that the papers cite, without their first word, \
         clients on the same cores; whole HTTP requests; medians of {ROUNDS} rounds."
    ));
    section.table(&["", "median ms", "p99 ms", "questions/s"]);
    section.row(&one.row("1 client, new questions"));
    section.row(&many.row(&format!("{CLIENTS} clients, new questions")));
    section.row(&repeated.row(&format!("1 client, {REPEATED} repeated questions")));
    section.row(&all_repeat.row(&format!("{CLIENTS} clients, {REPEATED} repeated questions")));
    section.table(&["stage, 1 client", "median ms", "p99 ms"]);
    stages.iter().for_each(|row| section.row(row));
    section.table(&["", "measured", "bound"]);
    section.bound("median ms, 1 client, new questions", one.quantile(0.5), Bound::AtMost(6.0));
    section.bound("p99 ms, 1 client, new questions", one.quantile(0.99), Bound::AtMost(16.0));
    section.bound("questions/s, 8 clients, new questions", many.rate(), Bound::AtLeast(300.0));
    section.bound("seconds from start to ready, with the model", server.seconds_to_ready, Bound::AtMost(1.0));
    section.bound("recall@10 of the scan on these real vectors", recall, Bound::AtLeast(0.99));
    section.text(&format!("Anonymous memory of the server afterwards: {memory:.0} MB."));
    Ok(section.finish())
}

/// The index of the papers is kept between runs: building it takes minutes, and finding it unchanged less than a
/// second.
fn index(folder: &Path, model: &str) -> Outcome<()> {
    let papers = texts::papers();
    let mut command = Command::new(STROMA);
    command.current_dir(project("")).env("STROMA_MODEL_FOLDER", project("models").join(model));
    command.arg("--index").arg(folder).args(["--quiet", "index"]).arg(papers);
    run_to_end(command.stdout(Stdio::null()).spawn()?)?;
    Ok(())
}

/// Titles of cited studies without their first word and without duplicates, in a fixed order that mixes papers. A whole
/// title would be answered as the name of the study, without the model.
fn questions(snapshot: &Snapshot) -> Outcome<Vec<String>> {
    let papers = snapshot.papers()?;
    let references = papers.into_iter().flat_map(|paper| paper.references);
    let title = |reference: Reference| reference.title?.split_once(' ').map(|(_, rest)| rest.to_owned());
    let mut titles: Vec<String> = references.filter_map(title).collect();
    titles.retain(|title| title.split(' ').count() >= 4 && title.len() <= 300);
    titles.sort_by_cached_key(|title| (xxhash_rust::xxh3::xxh3_64(title.as_bytes()), title.clone()));
    titles.dedup();
    Ok(titles)
}

/// The same measurement, several times with different questions.
#[derive(Default)]
struct Rounds(Vec<Asked>);

impl Rounds {
    fn quantile(&self, share: f64) -> f64 {
        median(self.0.iter().map(|asked| asked.quantile(share)).collect())
    }

    fn rate(&self) -> f64 {
        median(self.0.iter().map(Asked::rate).collect())
    }

    fn row(&self, name: &str) -> [String; 4] {
        let figure = |figure: f64| format!("{figure:.1}");
        [name.to_owned(), figure(self.quantile(0.5)), figure(self.quantile(0.99)), figure(self.rate())]
    }
}

/// A row for each stage of answering: its name, median and p99.
fn stages(server: &Server, questions: &[String]) -> Outcome<Vec<[String; 3]>> {
    let mut client = Client::connect(server)?;
    let answers = questions.iter().map(|question| client.stages(question)).collect::<Outcome<Vec<_>>>()?;
    let row = |stage: Stage| {
        let times: Vec<f64> = answers.iter().filter_map(|stages| stages.get(stage.name()).copied()).collect();
        let figure = |share| format!("{:.2}", quantile(times.clone(), share));
        [stage.name().to_owned(), figure(0.5), figure(0.99)]
    };
    Ok(Stage::ALL.map(row).into())
}
