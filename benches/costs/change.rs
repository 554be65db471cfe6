//! Measures the cost of one upload, and of the first question after it, in libraries of different sizes. Uploads go
//! through the server's jobs into the real index. Papers and vectors are synthetic, so that no time is spent in the
//! model.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stroma::corpus::READERS_VERSION;
use stroma::embed::{BertEmbedder, BertOptions};
use stroma::index::PassageIndex;
use stroma::ingest::{Ingest, IngestOptions};
use stroma::search::{Engine, Request, SearchOptions};
use stroma::server::{Jobs, Library, Status, TaskKind};
use stroma::store::{SourceRecord, SourceRole, Store};

use crate::process::cpu_seconds;
use crate::report::{Bound, Section, median};
use crate::synthetic::{SyntheticEmbedder, abbreviation_of_middling_frequency, markdown, paper_of_size, questions};
use crate::{DEFAULT_MODEL, HEAP, Outcome, project, workplace};

/// Number of papers in the library.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

const PASSAGES_OF_A_PAPER: usize = 10;

/// Number of papers between commits while the library grows.
const COMMIT: usize = 1_000;

/// Number of papers uploaded one after the other at each size.
const UPLOADS: usize = 24;

/// Maximum growth of the cost from the smallest library to the largest.
const GROWTH: f64 = 1.5;

/// The measurements at one size; medians over all uploads.
struct Size {
    papers: usize,
    /// Seconds to find that no file of the library has changed.
    unchanged: f64,
    /// Milliseconds from the submission of the job to its end.
    upload: f64,
    /// CPU milliseconds of the whole process during the upload; the mean.
    cpu: f64,
    /// Peak of the allocated bytes, above those allocated before.
    peak: f64,
    /// Milliseconds of the first question, and of the same question when repeated.
    first: f64,
    again: f64,
    /// Milliseconds by which the first question takes longer than the repeated one.
    extra: f64,
    /// Peak of the allocated bytes while the first question is answered, above those allocated before.
    first_peak: f64,
}

pub(crate) fn measure() -> Outcome<String> {
    let folder = workplace("change")?;
    std::fs::remove_dir_all(&folder)?;
    let uploads = folder.join("uploads");
    std::fs::create_dir_all(&uploads)?;
    let model = project("models").join(DEFAULT_MODEL);
    let model = BertEmbedder::start(&BertOptions { folder: model, ..BertOptions::default() })?;
    let embedder = Arc::new(SyntheticEmbedder::new(&model));
    let mut measured: Vec<Size> = Vec::new();
    for papers in SIZES {
        let from = measured.last().map_or(0, |size| size.papers);
        grow(&folder.join("index"), &uploads, &embedder, from..papers)?;
        measured.push(at_size(&folder.join("index"), &uploads, &embedder, papers)?);
        println!("{}", row(measured.last().ok_or("no size")?).join("  "));
    }
    let report = report(&measured)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(report)
}

/// Writes papers into the index as if their existing files had been uploaded.
fn grow(index: &Path, uploads: &Path, embedder: &SyntheticEmbedder, numbers: std::ops::Range<usize>) -> Outcome<()> {
    let index = PassageIndex::open_or_create(index, embedder)?;
    let mut writer = index.writer(256 << 20)?;
    for number in numbers {
        let (mut record, passages) = paper_of_size(number, PASSAGES_OF_A_PAPER, embedder)?;
        let path = uploads.join(format!("library-{number}.md"));
        std::fs::write(&path, number.to_string())?;
        let metadata = std::fs::metadata(&path)?;
        let modified = metadata.modified()?.duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        record.sources = vec![SourceRecord {
            path,
            size: metadata.len(),
            modified: u64::try_from(modified)?,
            fingerprint: number as u64,
            role: SourceRole::Text,
            readers_version: READERS_VERSION,
            identity: None,
            item: None,
        }];
        writer.replace(&record, &passages)?;
        if number % COMMIT == COMMIT - 1 {
            writer.commit()?;
        }
    }
    writer.commit()?;
    Ok(writer.finish()?)
}

fn at_size(index: &Path, uploads: &Path, embedder: &Arc<SyntheticEmbedder>, papers: usize) -> Outcome<Size> {
    let index = Arc::new(PassageIndex::open_or_create(index, embedder.as_ref())?);
    let engine = Engine::new(index.clone(), embedder.clone(), SearchOptions::default());
    let never = std::sync::atomic::AtomicBool::new(false);
    let options = IngestOptions::default();
    let ingest = Ingest { store: index.as_ref(), embedder: embedder.as_ref(), options: options.clone(), stop: &never };
    let began = Instant::now();
    let run = ingest.run(&[uploads.to_owned()], &mut |_| {})?;
    let unchanged = began.elapsed().as_secs_f64();
    if run.papers.added + run.papers.updated + run.papers.removed > 0 {
        return Err(format!("nothing had changed, but the run did: {:?}", run.papers).into());
    }
    let jobs = Jobs::start(engine.clone(), Library { papers: Vec::new(), uploads: uploads.to_owned(), options })?;
    while jobs.unfinished() > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    engine.warm()?;
    let mut uploaded = Vec::new();
    for number in 0..UPLOADS {
        let file = uploads.canonicalize()?.join(format!("upload-{papers}-{number}.md"));
        // Numbers that no paper of the library has.
        std::fs::write(&file, markdown(1_000_000 + papers + number, PASSAGES_OF_A_PAPER))?;
        uploaded.push(upload(&jobs, &engine, file, number)?);
    }
    jobs.stop();
    let of = |figure: fn(&Upload) -> f64| median(uploaded.iter().map(figure).collect());
    Ok(Size {
        papers,
        unchanged,
        upload: of(|upload| upload.milliseconds),
        cpu: uploaded.iter().map(|upload| upload.cpu).sum::<f64>() / UPLOADS as f64,
        peak: of(|upload| upload.peak),
        first: of(|upload| upload.first),
        again: of(|upload| upload.again),
        extra: of(|upload| upload.first - upload.again),
        first_peak: of(|upload| upload.first_peak),
    })
}

/// The cost of one upload and of the question after it.
struct Upload {
    milliseconds: f64,
    cpu: f64,
    peak: f64,
    first: f64,
    again: f64,
    first_peak: f64,
}

fn upload(jobs: &Jobs, engine: &Engine, file: std::path::PathBuf, number: usize) -> Outcome<Upload> {
    // Asked before, so that the data of the library is in memory: only the commit is new for the first question.
    let question = format!("{} of {}", abbreviation_of_middling_frequency(), questions(UPLOADS)[number]);
    engine.search(&Request::new(&question))?;
    let (began, cpu) = (Instant::now(), cpu_seconds(std::process::id()));
    let (done, peak) = peak_of(|| {
        let task = jobs.submit(TaskKind::Upload { file }).ok_or("too many jobs")?;
        loop {
            match jobs.task(task.id) {
                Some(task) if task.status == Status::Succeeded => return Ok(()),
                Some(task) if task.status == Status::Failed => return Err(task.error.unwrap_or_default().into()),
                _ => std::thread::sleep(Duration::from_micros(200)),
            }
        }
    });
    done?;
    let milliseconds = began.elapsed().as_secs_f64() * 1e3;
    let cpu = (cpu_seconds(std::process::id()) - cpu) * 1e3;
    let ask = || -> Outcome<f64> {
        let began = Instant::now();
        engine.warm()?;
        engine.search(&Request::new(&question))?;
        Ok(began.elapsed().as_secs_f64() * 1e3)
    };
    let (first, first_peak) = peak_of(ask);
    Ok(Upload { milliseconds, cpu, peak, first: first?, again: ask()?, first_peak })
}

/// The result of some work, and the peak of the bytes allocated during it, above those allocated before.
fn peak_of<T>(work: impl FnOnce() -> Outcome<T>) -> (Outcome<T>, f64) {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let outcome = work();
    (outcome, HEAP.peak_usage().saturating_sub(before) as f64)
}

fn row(size: &Size) -> Vec<String> {
    vec![
        size.papers.to_string(),
        format!("{:.1}", size.upload),
        format!("{:.1}", size.cpu),
        format!("{:.1}", size.peak / 1e6),
        format!("{:.2}", size.first),
        format!("{:.2}", size.again),
        format!("{:.2}", size.extra),
        format!("{:.2}", size.first_peak / 1e6),
        format!("{:.2}", size.unchanged),
    ]
}

fn report(measured: &[Size]) -> Outcome<String> {
    let mut section = Section::new(&format!(
        "Synthetic papers of {PASSAGES_OF_A_PAPER} paragraphs with synthetic vectors, all in the folder of uploads. At each \
         size, {UPLOADS} more are uploaded one after the other, through the queue of jobs (with a debounce window of 20 ms). A \
         question with an abbreviation is asked before each upload, and twice after it. Medians; memory is the peak of allocated \
         bytes above the level before."
    ));
    section.table(&[
        "papers",
        "upload ms",
        "CPU ms",
        "MB",
        "first question ms",
        "repeated question ms",
        "difference ms",
        "MB",
        "check of all files s",
    ]);
    measured.iter().for_each(|size| section.row(&row(size)));
    let (first, last) = (measured.first().ok_or("nothing was measured")?, measured.last().ok_or("nothing")?);
    section.table(&[&format!("{} papers to {}", last.papers, first.papers), "measured", "bound"]);
    let mut growth = |what: &str, figure: fn(&Size) -> f64| {
        section.bound(what, figure(last) / figure(first), Bound::AtMost(GROWTH));
    };
    growth("time of an upload", |size| size.upload);
    growth("CPU time of an upload", |size| size.cpu);
    growth("memory of an upload", |size| size.peak);
    growth("time of the first question beyond that of the repeated one", |size| size.extra);
    growth("memory of the first question", |size| size.first_peak);
    Ok(section.finish())
}
