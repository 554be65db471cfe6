//! A sentence-transformers model that runs on its own threads.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokenizers::{Tokenizer, TruncationParams};

use super::batch::{TokenBudget, batches};
use super::calibration::KeptCalibration;
use super::encoder::{Encoder, Precision, Share};
use super::model::{ModelFolder, ModelOverrides};
use super::queue::{Job, Queue, Reply, Work};
use super::{EmbedError, Embedder, Pending, Role, UnitVector};

/// Options of a model.
#[derive(Debug, Clone, Default)]
pub struct BertOptions {
    /// A sentence-transformers folder.
    pub folder: PathBuf,
    /// A second folder, for models with a separate encoder for questions.
    pub query_folder: Option<PathBuf>,
    pub overrides: ModelOverrides,
    pub precision: Precision,
    /// Instances of the model, each on one thread; 0 for one per core.
    pub instances: usize,
    /// Whether the weights are loaded in the background at start, and not for the first text.
    pub preload: bool,
    pub budget: TokenBudget,
}

/// [`Embedder`] over one or two BERT encoders.
///
/// A model blocks and cannot be shared between threads, so each instance has a thread; all take work from one queue.
/// Each instance has one libtorch thread, because several threads of one instance wait for each other by spinning,
/// which is slow when the machine is busy.
#[derive(Debug)]
pub struct BertEmbedder {
    passages: EncoderThreads,
    /// `None` if questions and passages share an encoder.
    queries: Option<EncoderThreads>,
    fingerprint: String,
    question_side: u64,
    calibration: KeptCalibration,
    budget: TokenBudget,
}

impl BertEmbedder {
    /// Reads the model's description and starts its threads.
    pub fn start(options: &BertOptions) -> Result<Self, EmbedError> {
        let instances = match options.instances {
            0 => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
            some => some,
        };
        let start = |model, tokenizer, role, preload| {
            EncoderThreads::start(model, tokenizer, role, options.precision, instances, preload)
        };
        let model = Arc::new(ModelFolder::open(&options.folder, &options.overrides)?);
        let (mut queries, mut tokenizer) = (None, None);
        if let Some(folder) = &options.query_folder {
            let query_model = ModelFolder::open(folder, &options.overrides)?;
            if query_model.dimension() != model.dimension() {
                return Err(EmbedError::Unsupported {
                    folder: folder.display().to_string(),
                    reason: format!(
                        "its vectors have {} dimensions, those of {} have {}",
                        query_model.dimension(),
                        options.folder.display(),
                        model.dimension()
                    ),
                });
            }
            queries = Some(start(Arc::new(query_model), None, Role::Query, options.preload)?);
        } else if model.adapter_for(Role::Query).is_some() {
            let adapted = start(Arc::clone(&model), None, Role::Query, options.preload)?;
            tokenizer = Some(Arc::clone(&adapted.tokenizer));
            queries = Some(adapted);
        }
        // What is loaded at start is what answers questions.
        let passages = start(model, tokenizer, Role::Passage, options.preload && queries.is_none())?;
        // Done last: it reads the whole weights file, while the threads may already load it.
        let mut fingerprint = passages.model.fingerprint()?;
        if options.query_folder.is_some()
            && let Some(queries) = &queries
        {
            fingerprint = format!("{fingerprint}+{}", queries.model.fingerprint()?);
        }
        let question_side = queries.as_ref().unwrap_or(&passages).model.question_side()?;
        let precision = format!("{:?}", options.precision.resolved(&passages.model.config)).to_lowercase();
        let calibration = KeptCalibration::new(&options.folder, &fingerprint, question_side, &precision);
        Ok(Self { passages, queries, fingerprint, question_side, calibration, budget: options.budget })
    }

    fn threads_for(&self, role: Role) -> &EncoderThreads {
        match (role, &self.queries) {
            (Role::Query, Some(queries)) => queries,
            _ => &self.passages,
        }
    }
}

impl Embedder for BertEmbedder {
    fn dimension(&self) -> usize {
        self.passages.model.dimension()
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn question_side(&self) -> u64 {
        self.question_side
    }

    fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError> {
        self.begin(texts, role)()
    }

    fn kept_calibration(&self) -> Option<&KeptCalibration> {
        Some(&self.calibration)
    }

    fn knows_word(&self, word: &str) -> bool {
        self.passages.tokenizer.token_to_id(word).is_some()
    }

    fn prepare(&self, role: Role) {
        load_weights(&self.threads_for(role).threads.queue);
    }

    fn begin<'a>(&'a self, texts: &[String], role: Role) -> Pending<'a> {
        let started = self.threads_for(role).start_on(texts, role, self.budget);
        Box::new(move || started?.vectors())
    }
}

/// One encoder: its tokenizer, its queue and the threads that serve it.
#[derive(Debug)]
struct EncoderThreads {
    model: Arc<ModelFolder>,
    tokenizer: Arc<Tokenizer>,
    threads: ServingThreads,
}

/// Threads that serve a queue until this is dropped.
#[derive(Debug)]
struct ServingThreads {
    queue: Arc<Queue>,
    handles: Vec<JoinHandle<()>>,
}

impl EncoderThreads {
    /// Starts the threads for texts of this role, and of the other one if that has no threads of its own. The tokenizer is read
    /// from the model's folder if it is not given.
    fn start(
        model: Arc<ModelFolder>,
        known_tokenizer: Option<Arc<Tokenizer>>,
        role: Role,
        precision: Precision,
        instances: usize,
        preload: bool,
    ) -> Result<Self, EmbedError> {
        let queue = Arc::new(Queue::new(instances));
        if preload {
            load_weights(&queue);
        }
        let weights = Arc::new(Weights { model: Arc::clone(&model), role, precision, loaded: Mutex::new(None) });
        let mut threads = ServingThreads { queue: Arc::clone(&queue), handles: Vec::new() };
        for _ in 0..instances {
            let (queue, weights) = (Arc::clone(&queue), Arc::clone(&weights));
            let thread = std::thread::Builder::new().name("model".into()).spawn(move || serve(&weights, &queue));
            threads.handles.push(thread.map_err(|error| EmbedError::Model(format!("no thread for it: {error}")))?);
        }
        // Meanwhile the threads may load the weights.
        let tokenizer = match known_tokenizer {
            Some(known) => known,
            None => Arc::new(tokenizer(&model)?),
        };
        Ok(Self { model, tokenizer, threads })
    }

    /// Tokenises texts and queues them for the threads.
    fn start_on(&self, texts: &[String], role: Role, budget: TokenBudget) -> Result<EmbeddingRun, EmbedError> {
        let mut sequences = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            sequences.push((index, self.tokens(text, role)?));
        }
        // Sorted by length, so that batches need little padding. The sort is stable, so the same texts make the same batches.
        sequences.sort_by_key(|(_, tokens)| std::cmp::Reverse(tokens.len()));
        let lengths: Vec<usize> = sequences.iter().map(|(_, tokens)| tokens.len()).collect();
        let cuts = match role {
            // One job for each question: the queue batches them for a thread.
            Role::Query => batches(&lengths, TokenBudget { sequences: 1, ..budget }),
            Role::Passage => batches(&lengths, budget),
        };
        let (order, mut tokens): (Vec<usize>, Vec<Vec<u32>>) = sequences.into_iter().unzip();

        // Each job sends its vectors, and before that perhaps a share of them.
        let (reply, answers) = sync_channel(2 * cuts.len());
        let is_awaited = Arc::<AtomicBool>::default();
        for (number, cut) in cuts.iter().enumerate() {
            let sequences = tokens[cut.clone()].iter_mut().map(std::mem::take).collect();
            let job = Job { number, sequences, is_awaited: Arc::clone(&is_awaited), reply: reply.clone() };
            match role {
                Role::Query => self.threads.queue.push_question(job),
                Role::Passage => self.threads.queue.push_passages(job),
            }
        }
        Ok(EmbeddingRun { order, cuts, is_awaited, answers })
    }

    fn tokens(&self, text: &str, role: Role) -> Result<Vec<u32>, EmbedError> {
        let prompt = self.model.prompt_for(role);
        let encoded = if prompt.is_empty() {
            self.tokenizer.encode_fast(text, true)
        } else {
            self.tokenizer.encode_fast(format!("{prompt}{text}"), true)
        };
        let encoded = encoded.map_err(|error| EmbedError::Model(format!("its tokenizer failed: {error}")))?;
        let mut tokens = encoded.get_ids().to_vec();
        // Positions of the prefix cannot be used for tokens. The last token ends the text.
        let most = self.model.max_tokens - self.model.prefix_tokens(role);
        if tokens.len() > most {
            tokens.drain(most - 1..tokens.len() - 1);
        }
        Ok(tokens)
    }
}

/// Texts that are being embedded, in batches.
struct EmbeddingRun {
    /// The indices of the texts, the longest text first.
    order: Vec<usize>,
    /// For each job, its range in `order`.
    cuts: Vec<Range<usize>>,
    is_awaited: Arc<AtomicBool>,
    answers: Receiver<Reply>,
}

impl EmbeddingRun {
    /// Waits for one vector for each text, in order. Instead of sleeping, this thread computes a share of them if it is asked.
    fn vectors(self) -> Result<Vec<UnitVector>, EmbedError> {
        self.is_awaited.store(true, Ordering::Release);
        let mut vectors: Vec<Option<UnitVector>> = vec![None; self.order.len()];
        for reply in self.answers {
            match reply {
                Reply::Share(share) => share.compute(),
                Reply::Vectors(number, answer) => {
                    for (index, vector) in self.order[self.cuts[number].clone()].iter().zip(answer?) {
                        vectors[*index] = Some(vector);
                    }
                }
            }
        }
        vectors.into_iter().collect::<Option<_>>().ok_or(EmbedError::Stopped)
    }
}

impl Drop for ServingThreads {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.handles.drain(..) {
            // A panic was reported by the thread itself.
            let _ = thread.join();
        }
    }
}

/// Loads the model's `tokenizer.json`, set to truncate at the model's length and not to pad. The settings in the file are often
/// different.
fn tokenizer(model: &ModelFolder) -> Result<Tokenizer, EmbedError> {
    let file = model.folder.join("tokenizer.json");
    let mut tokenizer = Tokenizer::from_file(&file).map_err(|error| EmbedError::bad_file(&file, &error))?;
    let truncation = TruncationParams { max_length: model.max_tokens, ..Default::default() };
    tokenizer.with_truncation(Some(truncation)).map_err(|error| EmbedError::bad_file(&file, &error))?;
    tokenizer.with_padding(None);
    Ok(tokenizer)
}

/// The weights, shared by all instances. They are loaded for the first text, or when texts are expected, so that an index
/// run without changes does not read them.
#[derive(Debug)]
struct Weights {
    model: Arc<ModelFolder>,
    role: Role,
    precision: Precision,
    loaded: Mutex<Option<Encoder>>,
}

impl Weights {
    /// An instance for one thread.
    fn instance(&self) -> Result<Encoder, EmbedError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        match &*loaded {
            Some(first) => first.share(&self.model),
            None => {
                let first = Encoder::load(&self.model, self.role, self.precision)?;
                let own = first.share(&self.model)?;
                *loaded = Some(first);
                Ok(own)
            }
        }
    }
}

/// Runs one instance of the model until the queue is closed.
fn serve(weights: &Weights, queue: &Queue) {
    tch::set_num_threads(1);
    let mut instance = Instance { weights, encoder: None };
    while let Some(work) = queue.take() {
        match work {
            Work::Questions(jobs) => instance.serve(&jobs, Role::Query, queue),
            Work::Passages(job) => instance.serve(&[job], Role::Passage, queue),
        }
    }
}

/// Causes a thread to load the weights if it has none, by an empty text. Nobody waits for its vector.
fn load_weights(queue: &Queue) {
    let (reply, _) = sync_channel(1);
    queue.push_passages(Job { number: 0, sequences: vec![Vec::new()], is_awaited: Arc::default(), reply });
}

/// One thread's instance of the model, loaded when it is first used.
struct Instance<'a> {
    weights: &'a Weights,
    encoder: Option<Encoder>,
}

impl Instance<'_> {
    /// Embeds the texts of all jobs together, and replies to each.
    fn serve(&mut self, jobs: &[Job], role: Role, queue: &Queue) {
        let sequences: Vec<&[u32]> = jobs.iter().flat_map(|job| job.sequences.iter().map(Vec::as_slice)).collect();
        let prefix = self.weights.model.prefix_tokens(role);
        let vectors = self.run(|encoder| match (jobs, sequences.as_slice()) {
            ([job], [only]) if role == Role::Query => {
                let has_helper = || job.is_awaited() && queue.has_idle_thread();
                encoder.encode_with_help(only, prefix, has_helper, |share| offered(job, share))
            }
            (_, several) => encoder.encode(several, prefix),
        });
        reply(jobs, vectors);
    }

    fn run<T>(&mut self, compute: impl FnOnce(&mut Encoder) -> Result<T, EmbedError>) -> Result<T, EmbedError> {
        // libtorch reports some failures (such as out of memory) by exceptions, which tch turns into panics.
        catch_unwind(AssertUnwindSafe(|| {
            let mut encoder = match self.encoder.take() {
                Some(encoder) => encoder,
                None => self.weights.instance()?,
            };
            let result = compute(&mut encoder);
            self.encoder = Some(encoder);
            result
        }))
        .unwrap_or_else(|_| Err(EmbedError::Model("libtorch failed; see the log".into())))
    }
}

/// Gives a share to the caller who waits for the job, or returns it if nobody does any more.
fn offered(job: &Job, share: Share) -> Result<(), Share> {
    job.reply.send(Reply::Share(share)).map_err(|SendError(reply)| match reply {
        Reply::Share(share) => share,
        Reply::Vectors(..) => unreachable!("a share was sent"),
    })
}

/// Gives each job its vectors. Sending fails if the caller no longer waits, which is no error.
fn reply(jobs: &[Job], vectors: Result<Vec<UnitVector>, EmbedError>) {
    match vectors {
        Ok(vectors) => {
            let mut vectors = vectors.into_iter();
            for job in jobs {
                let own = vectors.by_ref().take(job.sequences.len()).collect();
                let _ = job.reply.send(Reply::Vectors(job.number, Ok(own)));
            }
        }
        Err(error) => {
            let reason = error.to_string();
            for job in jobs {
                let _ = job.reply.send(Reply::Vectors(job.number, Err(EmbedError::Model(reason.clone()))));
            }
        }
    }
}
