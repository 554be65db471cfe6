//! Millions of synthetic papers and vectors, written and searched by the same code as real ones.
//!
//! A vector is the centre of one of many clusters plus noise, and both follow from the text alone. So a question has
//! its own cluster, like a question about one subject. Words follow Zipf's law over a large vocabulary.

use stroma::corpus::{Abbreviation, Article, Block, Format, Metadata, PaperId, passages};
use stroma::embed::{EmbedError, Embedder, Role, UnitVector};
use stroma::store::{EmbeddedPassage, PaperRecord, PassageVectors};
use xxhash_rust::xxh3::xxh3_64;

use crate::Outcome;

const CLUSTERS: usize = 500;
const PASSAGES_OF_A_PAPER: usize = 50;
const SENTENCES: usize = 4;
const WORDS_OF_A_SENTENCE: usize = 18;
const VOCABULARY: f64 = 200_000.0;
const ABBREVIATIONS_OF_A_PAPER: usize = 8;

/// By Zipf's law over the vocabulary, a rank is drawn with a probability of 1 / (rank · ln 200,000).
const RANK_OF_MIDDLING_FREQUENCY: usize = 650;

/// Number of journals, so that each has 1 % of all passages.
const JOURNALS: usize = 100;

/// Number of Gaussian numbers from which noise is taken at random positions: generating new ones would take most of the
/// time.
const POOL: usize = 1 << 20;

/// An [`Embedder`] that takes almost no time.
pub(crate) struct SyntheticEmbedder {
    /// The fingerprint of the real model, so that the program itself can open the index.
    fingerprint: String,
    dimension: usize,
    pool: Vec<f32>,
}

impl SyntheticEmbedder {
    pub(crate) fn new(model: &dyn Embedder) -> Self {
        let mut random = Random(7);
        let pool = (0..POOL).map(|_| random.gaussian()).collect();
        Self { fingerprint: model.fingerprint().to_owned(), dimension: model.dimension(), pool }
    }

    pub(crate) fn vector(&self, text: &str) -> UnitVector {
        let mut random = Random(xxh3_64(text.as_bytes()));
        let cluster = random.below(CLUSTERS) * 1031;
        // Cosines with the cluster's centre are from .9 down to .5, like those of paragraphs on one subject.
        let spread = 0.5 + 1.2 * random.share() as f32;
        let noise = [random.below(POOL - self.dimension), random.below(POOL - self.dimension)];
        let number = |place: usize| {
            let own = self.pool[noise[0] + place] + self.pool[noise[1] + place];
            self.pool[cluster + place] + spread * own * std::f32::consts::FRAC_1_SQRT_2
        };
        UnitVector::normalise((0..self.dimension).map(number).collect())
    }
}

impl Embedder for SyntheticEmbedder {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn question_side(&self) -> u64 {
        0
    }

    fn embed(&self, texts: &[String], _role: Role) -> Result<Vec<UnitVector>, EmbedError> {
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

/// The paper with this number, which has [`PASSAGES_OF_A_PAPER`] passages: its record and its embedded passages.
pub(crate) fn paper(number: usize, embedder: &SyntheticEmbedder) -> Outcome<(PaperRecord, Vec<EmbeddedPassage>)> {
    paper_of_size(number, PASSAGES_OF_A_PAPER, embedder)
}

pub(crate) fn paper_of_size(
    number: usize,
    passages_of_a_paper: usize,
    embedder: &SyntheticEmbedder,
) -> Outcome<(PaperRecord, Vec<EmbeddedPassage>)> {
    let mut random = Random(number as u64 + 1);
    let id: PaperId = format!("paper-{number}").parse()?;
    let metadata = Metadata {
        title: Some(words(&mut random, 8)),
        journal: Some(journal(number)),
        year: Some(1990 + (number % 35) as u16),
        ..Metadata::default()
    };
    let blocks = (0..passages_of_a_paper).map(|_| block(&mut random)).collect();
    let mut article = Article { format: Format::Text, metadata: metadata.clone(), blocks, ..Article::default() };
    let passages: Vec<EmbeddedPassage> = passages(&article, &id)
        .into_iter()
        .map(|passage| EmbeddedPassage {
            heading: metadata.title.clone().unwrap_or_default(),
            senses: String::new(),
            vectors: PassageVectors::new(
                &embedder.vector(&passage.text),
                &passage
                    .sentences
                    .iter()
                    .map(|one| embedder.vector(&passage.text[one.range.clone()]))
                    .collect::<Vec<_>>(),
            ),
            passage,
        })
        .collect();
    article.abbreviations = abbreviations(&mut random);
    Ok((PaperRecord::new(id, article, passages.len(), Vec::new()), passages))
}

/// The text of a paper as a Markdown file: a title and the given number of paragraphs.
pub(crate) fn markdown(number: usize, paragraphs: usize) -> String {
    let mut random = Random(number as u64 + 1);
    let title = words(&mut random, 8);
    let paragraphs: Vec<String> = (0..paragraphs).map(|_| block(&mut random).text).collect();
    format!("# {title}\n\n{}\n", paragraphs.join("\n\n"))
}

/// Short forms are as frequent as words, and each has two senses.
fn abbreviations(random: &mut Random) -> Vec<Abbreviation> {
    let abbreviation = |_| {
        let short = word(random).to_uppercase();
        let sense = if random.below(3) == 0 { "second" } else { "first" };
        Abbreviation { long: format!("{} {sense} sense", short.to_lowercase()), short }
    };
    (0..ABBREVIATIONS_OF_A_PAPER).map(abbreviation).collect()
}

/// A short form that about one in a thousand papers defines.
pub(crate) fn abbreviation_of_middling_frequency() -> String {
    spelled(RANK_OF_MIDDLING_FREQUENCY).to_uppercase()
}

pub(crate) fn papers_for(passages: usize) -> usize {
    passages / PASSAGES_OF_A_PAPER
}

/// The journal of a paper. Each journal has one in a hundred papers.
pub(crate) fn journal(number: usize) -> String {
    format!("Journal {}", number % JOURNALS)
}

/// Questions with six words.
pub(crate) fn questions(count: usize) -> Vec<String> {
    let mut random = Random(99);
    (0..count).map(|_| words(&mut random, 6)).collect()
}

fn block(random: &mut Random) -> Block {
    let sentences: Vec<String> = (0..SENTENCES).map(|_| format!("{}.", words(random, WORDS_OF_A_SENTENCE))).collect();
    Block { text: sentences.join(" "), ..Block::default() }
}

fn words(random: &mut Random, count: usize) -> String {
    let mut text = (0..count).map(|_| word(random)).collect::<Vec<_>>().join(" ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// A word whose rank follows Zipf's law.
fn word(random: &mut Random) -> String {
    spelled(VOCABULARY.powf(random.share()) as usize)
}

/// A word that spells its rank in syllables.
fn spelled(rank: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo", "mu", "ka", "le", "ri",
        "so", "tu",
    ];
    let mut rank = rank + SYLLABLES.len();
    let mut word = String::new();
    while rank > 0 {
        word.push_str(SYLLABLES[rank % SYLLABLES.len()]);
        rank /= SYLLABLES.len();
    }
    word
}

/// SplitMix64 (Steele et al. 2014): small, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// A number from 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The method of Box and Muller (1958).
    fn gaussian(&mut self) -> f32 {
        let (length, angle) = (self.share().max(1e-12), self.share());
        ((-2.0 * length.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32
    }
}
