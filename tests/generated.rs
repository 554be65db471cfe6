//! Papers that are made up: the same ones for the same numbers, with every field by which papers and passages are found.

use std::path::PathBuf;

use stroma::corpus::{
    Abbreviation, Article, Block, Citation, Format, Metadata, PaperId, Passage, Reference, ShortForms, passages,
};
use stroma::embed::{Embedder, HashEmbedder, Role, UnitVector};
use stroma::library::{ItemRole, LibraryItem, Origin};
use stroma::store::{EmbeddedPassage, PaperRecord, PassageVectors, SourceRecord, SourceRole};

/// The number of dimensions of the vectors.
pub(crate) const DIMENSION: usize = 32;

/// Pseudo-random numbers (SplitMix64; Steele, Lea and Flood 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.roll(values.len())]
    }
}

/// The words of titles and texts. Those in front are more frequent.
pub(crate) const WORDS: [&str; 40] = [
    "cells",
    "joint",
    "patients",
    "therapy",
    "stiffness",
    "trial",
    "knee",
    "infusion",
    "inflammation",
    "TNF-α",
    "IL-6",
    "tissue",
    "dose",
    "mice",
    "bone",
    "marrow",
    "stromal",
    "arthritis",
    "response",
    "cartilage",
    "pain",
    "effect",
    "safety",
    "donor",
    "umbilical",
    "cord",
    "immune",
    "tolerance",
    "sepsis",
    "fibrosis",
    "tumour",
    "anaemia",
    "exercise",
    "relapse",
    "remission",
    "CD105",
    "cytokine",
    "hormone",
    "metastases",
    "transplantation",
];

const NAMES: [&str; 6] =
    ["Rainer Straub", "Nai-Lun Chang", "Weixia Kong", "Ana Straub", "Björn Ångström", "J. R. R. Lind"];
const JOURNALS: [&str; 4] = ["Knee Journal", "Arthritis Research", "Journal of the Knee", "Åland Medicine"];
const TYPES: [&str; 3] = ["review-article", "research-article", "Review-Article"];
const SECTIONS: [&str; 5] = ["Abstract", "Methods", "Results", "Discussion", "Cells of the joint"];
const SENSES: [(&str, &str); 3] =
    [("RA", "rheumatoid arthritis"), ("RA", "retinoic acid"), ("MSC", "mesenchymal stromal cell")];
const COLLECTIONS: [&str; 4] = ["MSC/Clinical", "MSC/Animals", "Knees", "Lab/Clinical"];
const TAGS: [&str; 3] = ["to read", "RA", "Important"];

/// A paper with its passages, ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct Generated {
    pub(crate) record: PaperRecord,
    pub(crate) passages: Vec<EmbeddedPassage>,
}

/// The embedder whose vectors the papers have.
pub(crate) fn embedder() -> HashEmbedder {
    HashEmbedder::new(DIMENSION)
}

/// The paper `number`, in one of its versions. Versions of a paper differ in their number of passages, in their text, and
/// in most other fields.
pub(crate) fn paper(number: usize, version: usize) -> Generated {
    let mut dice = Dice::new((number * 1_000 + version) as u64);
    let metadata = Metadata {
        title: (dice.roll(12) > 0).then(|| capitalised(&words(&mut dice, 5))),
        authors: (0..dice.roll(4)).map(|_| dice.one_of(&NAMES).to_owned()).collect(),
        journal: (dice.roll(5) > 0).then(|| dice.one_of(&JOURNALS).to_owned()),
        year: (dice.roll(8) > 0).then(|| 1995 + dice.roll(30) as u16),
        doi: (dice.roll(3) > 0).then(|| format!("10.1234/paper.{number}")),
        article_type: (dice.roll(4) > 0).then(|| dice.one_of(&TYPES).to_owned()),
        ..Metadata::default()
    };
    let blocks = (0..1 + dice.roll(6)).map(|place| block(&mut dice, version, place)).collect();
    let article = Article {
        format: dice.one_of(&[Format::Jats, Format::Markdown, Format::Pdf]),
        metadata,
        blocks,
        references: (0..3).map(|_| reference(dice.roll(8))).collect(),
        abbreviations: (0..dice.roll(3)).map(|_| abbreviation(dice.one_of(&SENSES))).collect(),
        ..Article::default()
    };
    let sources = vec![source(number, version, &mut dice)];
    embedded(&format!("paper-{number:03}"), article, sources)
}

/// A paper with a text for each passage and nothing else.
pub(crate) fn plain(id: &str, title: &str, texts: &[&str]) -> Generated {
    let metadata = Metadata { title: Some(title.to_owned()), ..Metadata::default() };
    let blocks = texts.iter().map(|text| Block { text: (*text).to_owned(), ..Block::default() }).collect();
    embedded(id, Article { format: Format::Text, metadata, blocks, ..Article::default() }, Vec::new())
}

/// The passages of an article with their vectors.
pub(crate) fn embedded(id: &str, article: Article, sources: Vec<SourceRecord>) -> Generated {
    let id: PaperId = id.parse().expect("an id");
    let title = article.metadata.title.clone().unwrap_or_default();
    let short_forms = ShortForms::new(&article.abbreviations);
    let passages: Vec<EmbeddedPassage> = passages(&article, &id)
        .into_iter()
        .map(|passage| {
            let heading = [std::slice::from_ref(&title), passage.section.as_slice()].concat().join(". ");
            let senses =
                short_forms.spans(&passage.text).into_iter().map(|(_, abbreviation)| abbreviation.long.clone());
            let (paragraph, sentences) = vectors(&heading, &passage);
            EmbeddedPassage {
                senses: senses.collect::<Vec<_>>().join(". "),
                vectors: PassageVectors::new(&paragraph, &sentences),
                heading,
                passage,
            }
        })
        .collect();
    Generated { record: PaperRecord::new(id, article, passages.len(), sources), passages }
}

/// The vectors of a passage and of its sentences.
pub(crate) fn vectors(heading: &str, passage: &Passage) -> (UnitVector, Vec<UnitVector>) {
    let sentences = passage.sentences.iter().map(|one| vector(&passage.text[one.range.clone()]));
    (vector(&format!("{heading}. {}", passage.text)), sentences.collect())
}

/// The vector of a text.
pub(crate) fn vector(text: &str) -> UnitVector {
    embedder().embed(&[text.to_owned()], Role::Passage).expect("a vector").remove(0)
}

fn words(dice: &mut Dice, number: usize) -> String {
    // The smaller of two rolls makes the words in front more frequent.
    let word = |dice: &mut Dice| WORDS[dice.roll(WORDS.len()).min(dice.roll(WORDS.len()))];
    (0..number).map(|_| word(dice)).collect::<Vec<_>>().join(" ")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn block(dice: &mut Dice, version: usize, place: usize) -> Block {
    let sentences = (0..1 + dice.roll(4)).map(|_| {
        let length = 4 + dice.roll(10);
        format!("{} of the version{version}.", capitalised(&words(dice, length)))
    });
    let mut text = sentences.collect::<Vec<_>>().join(" ");
    if dice.roll(3) == 0 {
        text.push_str(" Patients with RA received MSCs.");
    }
    let range = text.len()..text.len() + " [1, 2]".len();
    text.push_str(" [1, 2]");
    Block {
        section: vec![dice.one_of(&SECTIONS).to_owned()],
        pages: Some((1 + place as u32, 1 + place as u32)),
        citations: vec![Citation { range: range.start + 1..range.end, references: vec![0, 1] }],
        text,
        ..Block::default()
    }
}

fn reference(number: usize) -> Reference {
    Reference {
        label: Some(number.to_string()),
        authors: vec![format!("Berg{} KL", ["a", "b", "c"][number % 3])],
        title: Some(format!("Study {} of stromal cells in the knee", ["one", "two", "three", "four"][number % 4])),
        year: Some(2000 + number as u16),
        doi: number.is_multiple_of(2).then(|| format!("10.5555/study.{number}")),
        text: format!("Berg KL. Study {number}. 200{number}."),
        ..Reference::default()
    }
}

fn abbreviation((short, long): (&str, &str)) -> Abbreviation {
    Abbreviation { short: short.to_owned(), long: long.to_owned() }
}

fn source(number: usize, version: usize, dice: &mut Dice) -> SourceRecord {
    let some = |dice: &mut Dice, of: &[&str]| -> Vec<String> {
        of.iter().filter(|_| dice.roll(3) == 0).map(|label| (*label).to_owned()).collect()
    };
    let item = (dice.roll(3) > 0).then(|| {
        Box::new(LibraryItem {
            origin: Origin::Zotero { folder: PathBuf::from(format!("/zotero/{}", number % 2)), group: None },
            key: format!("KEY{number}"),
            attachment: None,
            role: ItemRole::Main,
            citation_key: None,
            collections: some(dice, &COLLECTIONS),
            tags: some(dice, &TAGS),
            metadata: Metadata::default(),
            abstract_text: None,
        })
    });
    SourceRecord {
        path: PathBuf::from(format!("/papers/{}/paper-{number}.md", number % 3)),
        size: 1000,
        modified: version as u64,
        fingerprint: (number * 1_000 + version) as u64,
        role: SourceRole::Text,
        readers_version: 1,
        identity: None,
        item,
    }
}
