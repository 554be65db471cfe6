//! Finds the papers and studies that a question names by an identifier, by their title, or by their authors.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::answer::{CitedStudy, NameKind, NamedPaper};
use crate::corpus::identity::title_key;
use crate::corpus::{Identifier, Metadata, PassageId, Reference, family_name, plain_words};
use crate::store::names::author_keys;
use crate::store::{Filter, IndexError, PaperRecord, PassageAddress, Snapshot, StudyName};

/// Maximum number of papers that are shown for one name.
const MAX_PAPERS: usize = 50;
/// Maximum number of papers that are read to find their paragraphs that cite a study.
const MAX_CITING: usize = 20;
/// Maximum number of studies that are shown for one name.
const MAX_STUDIES: usize = 5;

/// The papers and studies that a question names.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Best first.
    pub(super) papers: Vec<NamedPaper>,
    /// Studies that papers of the index cite, if no paper of the index has the name; most cited first.
    pub(super) studies: Vec<CitedStudy>,
    /// The paragraphs that cite the studies, each with the citing sentence.
    pub(super) citing: Vec<Citing>,
    /// Whether the question consists of a name only.
    pub(super) is_only_name: bool,
    /// Whether only passages with the name are shown.
    pub(super) hides_others: bool,
    /// An identifier that no paper of the index has or cites.
    pub(super) unknown: Option<String>,
    /// Whether there are more papers than those that are shown.
    pub(super) is_cut: bool,
    /// Whether the papers with the name do not meet the conditions of the question.
    pub(super) is_excluded: bool,
}

/// A paragraph that cites a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Citing {
    pub(super) address: PassageAddress,
    pub(super) passage: PassageId,
    /// The index of the citing sentence in the passage.
    pub(super) sentence: usize,
}

impl Named {
    pub(super) fn is_empty(&self) -> bool {
        self.papers.is_empty() && self.studies.is_empty()
    }

    /// Looks up the papers and studies that a question without conditions names.
    pub(super) fn find(text: &str, snapshot: &Snapshot) -> Result<Self, IndexError> {
        if let Some(identifier) = Identifier::parse(text) {
            return Self::from_identifier(&identifier, text, snapshot);
        }
        let is_one_word = !text.trim().contains(char::is_whitespace);
        if is_one_word && let Some(paper) = snapshot.paper(&text.trim().to_lowercase())? {
            return Ok(Self::from_papers(vec![named(paper, NameKind::Id)]));
        }
        let by_title = Self::from_title(text, snapshot)?;
        if !by_title.is_empty() {
            return Ok(by_title);
        }
        match AuthorNames::asked_by(text) {
            Some(names) => Self::from_authors(&names, snapshot),
            None => Ok(Self::default()),
        }
    }

    /// Leaves out the papers that do not meet the conditions. If this leaves none, a name that may also be a topic is no
    /// longer one.
    pub(super) fn restrict(&mut self, filter: &Filter, snapshot: &Snapshot) -> Result<(), IndexError> {
        let filter = filter.of_papers();
        if self.papers.is_empty() || filter.is_empty() {
            return Ok(());
        }
        let ids = self.papers.iter().map(|paper| paper.id.to_string());
        let papers: BTreeSet<String> =
            ids.filter(|id| filter.papers.is_empty() || filter.papers.contains(id)).collect();
        let kept = match papers.is_empty() {
            true => Vec::new(),
            false => snapshot.newest_papers(&Filter { papers, ..filter }, self.papers.len())?,
        };
        self.papers.retain(|paper| kept.iter().any(|id| id == paper.id.as_str()));
        if self.papers.is_empty() {
            self.is_excluded = self.hides_others;
            self.is_only_name &= self.hides_others;
        }
        Ok(())
    }

    fn from_identifier(identifier: &Identifier, text: &str, snapshot: &Snapshot) -> Result<Self, IndexError> {
        let kind = match identifier {
            Identifier::Doi(_) => NameKind::Doi,
            Identifier::Pmid(_) => NameKind::Pmid,
            Identifier::Pmcid(_) => NameKind::Pmcid,
        };
        let papers = snapshot.papers_with_keys(&[identifier.key()])?;
        if !papers.is_empty() {
            return Ok(Self::from_papers(papers.into_iter().map(|paper| named(paper, kind)).collect()));
        }
        let study = Self::from_study(&StudyName::Identifier(identifier.clone()), snapshot, |_| true)?;
        // A number may also be one that the papers use.
        let is_number = text.trim().bytes().all(|byte| byte.is_ascii_digit());
        if study.is_empty() && !is_number {
            let unknown = Some(identifier.key().replace("pmcid:", "").replace(':', " "));
            return Ok(Self { is_only_name: true, hides_others: true, unknown, ..Self::default() });
        }
        Ok(study)
    }

    /// The result for a question that names papers and nothing else.
    fn from_papers(papers: Vec<NamedPaper>) -> Self {
        Self { papers, is_only_name: true, hides_others: true, ..Self::default() }
    }

    /// Whether a text is the title of a paper, ignoring punctuation.
    pub(super) fn is_title(text: &str, snapshot: &Snapshot) -> Result<bool, IndexError> {
        Ok(!snapshot.papers_with_keys(&[title_key(&plain_words(text).concat())])?.is_empty())
    }

    /// Looks up the question as a whole title. Titles within a question are found among its hits, see [`is_titled`].
    fn from_title(text: &str, snapshot: &Snapshot) -> Result<Self, IndexError> {
        let plain = plain_words(text);
        if plain.len() < 2 {
            return Ok(Self::default());
        }
        let title = plain.concat();
        let papers = snapshot.papers_with_keys(&[title_key(&title)])?;
        if papers.is_empty() {
            // Works have topics as titles: "Multiple sclerosis".
            if plain.len() < SHORTEST_TITLE {
                return Ok(Self::default());
            }
            let study = Self::from_study(&StudyName::Title(title), snapshot, |_| true)?;
            return Ok(Self { is_only_name: false, hides_others: false, ..study });
        }
        let papers = papers.into_iter().map(|paper| named(paper, NameKind::Title)).collect();
        Ok(Self { papers, ..Self::default() })
    }

    fn from_authors(names: &AuthorNames, snapshot: &Snapshot) -> Result<Self, IndexError> {
        let mut found: Vec<(Match, PaperRecord)> = Vec::new();
        for paper in snapshot.papers_of_authors(&names.words, 20 * MAX_PAPERS)? {
            found.extend(names.matched(&paper.metadata).map(|matched| (matched, paper)));
        }
        // The years of a paper's online and printed versions may differ. A near year counts only if no paper matches
        // the year exactly.
        if found.iter().any(|(matched, _)| matched.year == YearMatch::Same) {
            found.retain(|(matched, _)| matched.year == YearMatch::Same);
        }
        if found.is_empty() {
            return match (names.year, names.words.last()) {
                (Some(year), Some(_)) => Self::from_author_and_year(names, year, snapshot),
                _ => Ok(Self::default()),
            };
        }
        found.sort_by(|(a, one), (b, other)| {
            let newest = |paper: &PaperRecord| Reverse(paper.metadata.year);
            (a, newest(one), &one.id).cmp(&(b, newest(other), &other.id))
        });
        let is_cut = found.len() > MAX_PAPERS;
        let papers = found.into_iter().take(MAX_PAPERS).map(|(_, paper)| named(paper, NameKind::Authors)).collect();
        Ok(Self { papers, is_only_name: true, is_cut, ..Self::default() })
    }

    /// Looks up studies by their first author and year. Many words are also family names ("brown", "west"), so all words
    /// must be names of the study's authors, and other passages are only hidden if the question can hardly be a topic.
    fn from_author_and_year(names: &AuthorNames, year: u16, snapshot: &Snapshot) -> Result<Self, IndexError> {
        for family in &names.words {
            let name = StudyName::Author(family.clone(), year);
            let found = Self::from_study(&name, snapshot, |reference| names.are_of(reference))?;
            if !found.is_empty() {
                let is_certain = found.studies.iter().any(|study| names.are_certainly_of(&study.reference));
                return Ok(Self { hides_others: is_certain, ..found });
            }
        }
        Ok(Self::default())
    }

    /// Looks up a study that papers cite, with the paragraphs that cite it. Entries of reference lists that have the
    /// name but are not meant are left out.
    fn from_study(
        name: &StudyName,
        snapshot: &Snapshot,
        is_meant: impl Fn(&Reference) -> bool,
    ) -> Result<Self, IndexError> {
        let (total, papers) = snapshot.papers_citing(name, MAX_CITING)?;
        let mut studies: Vec<(String, CitedStudy, Vec<Citing>)> = Vec::new();
        let mut are_all_meant = true;
        for paper in &papers {
            let passages = snapshot.passages_of(paper.id.as_str())?;
            let mut counted: Vec<usize> = Vec::new();
            for (place, reference) in paper.references.iter().enumerate().filter(|(_, entry)| name.names(entry)) {
                if !is_meant(reference) {
                    are_all_meant = false;
                    continue;
                }
                let identity = study_identity(reference);
                let at = studies.iter().position(|(known, _, _)| *known == identity).unwrap_or_else(|| {
                    studies.push((identity, CitedStudy { reference: reference.clone(), papers: 0 }, Vec::new()));
                    studies.len() - 1
                });
                if !counted.contains(&at) {
                    counted.push(at);
                    studies[at].1.papers += 1;
                }
                for (address, record) in &passages {
                    let sentence = record.passage.sentences_citing(place).first().copied();
                    studies[at].2.extend(sentence.map(|sentence| Citing {
                        address: *address,
                        passage: record.passage.id.clone(),
                        sentence,
                    }));
                }
            }
        }
        studies.sort_by(|a, b| b.1.papers.cmp(&a.1.papers).then_with(|| a.0.cmp(&b.0)));
        studies.truncate(MAX_STUDIES);
        if let [(_, only, _)] = studies.as_mut_slice()
            && are_all_meant
        {
            only.papers = only.papers.max(total);
        }
        let is_known = !studies.is_empty();
        let is_cut = total > papers.len();
        let mut named = Self { is_only_name: is_known, hides_others: is_known, is_cut, ..Self::default() };
        for (_, study, citing) in studies {
            named.studies.push(study);
            named.citing.extend(citing);
        }
        Ok(named)
    }
}

fn named(paper: PaperRecord, by: NameKind) -> NamedPaper {
    NamedPaper { id: paper.id, metadata: paper.metadata, by }
}

/// The keys under which [`Named::find`] may look a question up, each with those that must be there with it.
pub(super) fn keys(text: &str) -> Vec<Vec<String>> {
    if let Some(identifier) = Identifier::parse(text) {
        return vec![vec![identifier.key()], vec![StudyName::Identifier(identifier).key()]];
    }
    let title = plain_words(text).concat();
    let mut keys = vec![vec![title_key(&title)], vec![StudyName::Title(title).key()]];
    if let Some(names) = AuthorNames::asked_by(text) {
        keys.push(author_keys(&names.words));
        let year = names.year;
        let studies = names.words.into_iter().filter_map(|family| Some(StudyName::Author(family, year?).key()));
        keys.extend(studies.map(|key| vec![key]));
    }
    keys
}

/// The part of a study that is equal in different reference lists.
fn study_identity(reference: &Reference) -> String {
    let title = reference.title.as_deref().map(|title| plain_words(title).concat());
    title.or_else(|| reference.doi.clone()).or_else(|| reference.pmid.clone()).unwrap_or_else(|| reference.text.clone())
}

/// The names of authors that a question consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct AuthorNames {
    /// Words of names, in normalised form.
    words: Vec<String>,
    /// Single letters and short runs of capitals that may be initials.
    initials: Vec<String>,
    year: Option<u16>,
    /// A word of the title, as in citation keys.
    title_word: Option<String>,
    /// Whether the words may belong to several authors.
    is_joint: bool,
    /// Whether the form is that of names: a citation key, "et al.", or no word in lower case.
    is_certain: bool,
}

/// How well a paper matches the names. A lower value is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    year: YearMatch,
    /// Whether the first author is not among the names.
    is_other_first: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum YearMatch {
    Same,
    Near,
}

static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    let things = "papers?|articles?|stud(?:y|ies)|reviews?|publications?|works?|trials?|research";
    Regex::new(&format!(
        r"(?i)^(?:(?:show|find|list|give)(?: me)? )?(?:all |any |the )?(?:{things}) (?:written |published )?(?:by|of|from) (?:dr\.? |prof(?:essor|\.)? )?"
    ))
    .expect("a constant pattern")
});

/// A citation key: `chang2016`, `Chang_2016a`, `chang2016autologous`.
static KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^([\p{L}’'-]{2,40}?)[-_:]?((?:1[6-9]|20)\d\d)(?:([a-z])|[-_:]?(\p{L}[\p{L}\d-]{1,40}))?$")
        .expect("a constant pattern")
});

static YEAR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[(\[]?((?:1[6-9]|20)\d\d)[a-z]?[)\]]?[.,;:]?$").expect("a constant pattern"));

/// Words that often accompany names but are not names.
const WITH_NAMES: [&str; 11] =
    ["et", "al", "and", "others", "colleagues", "coworkers", "group", "dr", "prof", "professor", "the"];
/// Particles within names.
const PARTICLES: [&str; 17] =
    ["van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "la", "le", "ten", "ter", "el", "al", "bin"];
/// A question with more words is not a name.
const MAX_WORDS: usize = 12;

impl AuthorNames {
    /// The names that a question consists of, judged by its form alone: it names authors if it says so ("papers by …",
    /// "et al."), has a year, or consists of two to four capitalised words.
    fn asked_by(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches(['?', '!', '.', ',']);
        if let Some(key) = KEY.captures(text) {
            return Some(Self {
                words: plain_words(&key[1]).into_iter().filter(|word| !matches!(word.as_str(), "et" | "al")).collect(),
                initials: Vec::new(),
                year: key[2].parse().ok(),
                title_word: key.get(4).map(|word| plain_words(word.as_str()).concat()),
                is_joint: true,
                is_certain: true,
            });
        }
        let introduction = ASKED.find(text);
        let names = &text[introduction.map_or(0, |found| found.end())..];
        let parts: Vec<&str> = names.split_whitespace().collect();
        if parts.len() > MAX_WORDS {
            return None;
        }
        let mut asked = Self {
            words: Vec::new(),
            initials: Vec::new(),
            year: None,
            title_word: None,
            is_joint: false,
            is_certain: false,
        };
        let mut says_others = false;
        let mut are_capitals = true;
        for part in parts {
            if let Some(year) = YEAR.captures(part) {
                asked.year = year[1].parse().ok();
                continue;
            }
            let bare = part.trim_matches(|c: char| !c.is_alphanumeric());
            if bare.contains(|c: char| c.is_ascii_digit()) {
                return None;
            }
            let lower = bare.to_lowercase();
            says_others |= lower == "al";
            asked.is_joint |= matches!(lower.as_str(), "and" | "") || part.ends_with([',', ';']);
            if WITH_NAMES.contains(&lower.as_str()) || bare.is_empty() {
                continue;
            }
            let letters: Vec<char> = bare.chars().filter(|c| c.is_alphabetic()).collect();
            let is_initials = letters.len() <= 3 && letters.iter().all(|c| c.is_uppercase());
            if is_initials {
                asked.initials.push(letters.into_iter().flat_map(char::to_lowercase).collect());
                continue;
            }
            are_capitals &= bare.starts_with(char::is_uppercase) || PARTICLES.contains(&lower.as_str());
            asked.words.extend(plain_words(bare).into_iter().filter(|word| word.chars().count() > 1));
        }
        if asked.words.is_empty() && asked.year.is_some() {
            // A name in capitals that is as short as initials: "WU 2016".
            asked.words.append(&mut asked.initials);
        }
        asked.is_certain = says_others || are_capitals;
        let says_so = introduction.is_some() || says_others || asked.year.is_some();
        let looks_so =
            are_capitals && (2..=4).contains(&(asked.words.len() + asked.initials.len())) && asked.words.len() < 4;
        (!asked.words.is_empty() && (says_so || looks_so)).then_some(asked)
    }

    /// How well a paper matches, if its authors' names contain all of the words.
    fn matched(&self, paper: &Metadata) -> Option<Match> {
        let year = match (self.year, paper.year) {
            (None, _) => YearMatch::Same,
            (Some(asked), Some(year)) if asked == year => YearMatch::Same,
            (Some(asked), Some(year)) if asked.abs_diff(year) == 1 => YearMatch::Near,
            _ => return None,
        };
        let authors: Vec<Vec<String>> = paper.authors.iter().map(|author| plain_words(author)).collect();
        let is_one_name = authors.iter().any(|author| self.is_of(author));
        let families: Vec<String> = paper.authors.iter().filter_map(|author| family_name(author)).collect();
        let are_families = self.words.iter().all(|word| {
            families.contains(word)
                || PARTICLES.contains(&word.as_str())
                || authors.iter().any(|author| author.contains(word) && self.is_joint)
        });
        let has_title_word = self.title_word.as_ref().is_none_or(|word| {
            paper
                .title
                .as_deref()
                .is_some_and(|title| plain_words(title).iter().any(|own| own.starts_with(word.as_str())))
        });
        if !has_title_word || !(is_one_name || (self.is_joint && are_families)) {
            return None;
        }
        let first = families.first();
        Some(Match { year, is_other_first: first.is_none_or(|first| !self.words.contains(first)) })
    }

    /// Whether all words are names of a cited study's authors. Reference lists often have initials of given names, which
    /// are enough if the form is that of names.
    fn are_of(&self, reference: &Reference) -> bool {
        let initials = |author: &String| {
            let parts = author.split(|c: char| !c.is_alphanumeric());
            let runs = parts.filter(|part| part.chars().count() <= 3 && !part.contains(char::is_lowercase));
            plain_words(&runs.collect::<Vec<_>>().concat()).concat()
        };
        let own: Vec<String> = reference.authors.iter().flat_map(|author| plain_words(author)).collect();
        let letters: String = reference.authors.iter().map(initials).collect();
        let is_initial = |word: &String| self.is_certain && word.chars().next().is_some_and(|c| letters.contains(c));
        let is_given = |initial: &String| {
            let first = initial.chars().next();
            first.is_some_and(|first| letters.contains(first) || own.iter().any(|word| word.starts_with(first)))
        };
        self.words.iter().all(|word| is_name_in(&own, word) || is_initial(word)) && self.initials.iter().all(is_given)
    }

    /// Whether the form is that of names, and the reference list has all words as they are asked for.
    fn are_certainly_of(&self, reference: &Reference) -> bool {
        let own: Vec<String> = reference.authors.iter().flat_map(|author| plain_words(author)).collect();
        self.is_certain && self.are_of(reference) && self.words.iter().all(|word| is_name_in(&own, word))
    }

    /// Whether all words belong to one author's name, whose other words begin with the initials.
    fn is_of(&self, author: &[String]) -> bool {
        let has_words = self.words.iter().all(|word| author.contains(word));
        let rest: Vec<&String> = author.iter().filter(|word| !self.words.contains(word)).collect();
        let is_initial = |letter: char| rest.iter().any(|word| word.starts_with(letter));
        let mut initials = self.initials.iter();
        has_words && initials.all(|initials| rest.contains(&initials) || initials.chars().all(is_initial))
    }
}

fn is_name_in(names: &[String], word: &String) -> bool {
    names.contains(word) || PARTICLES.contains(&word.as_str())
}

/// In words. Shorter titles are treated as topics, and shorter questions contain no title.
pub(super) const SHORTEST_TITLE: usize = 4;

/// Whether a question contains a paper's title, possibly with its authors, journal and year around it, or consists of
/// most of its title only.
pub(super) fn is_titled(question: &[String], paper: &Metadata) -> bool {
    /// The share of the title that the question must contain.
    const MOST: f32 = 0.8;
    let Some(title) = paper.title.as_deref().map(plain_words).filter(|title| title.len() >= SHORTEST_TITLE) else {
        return false;
    };
    if question.len() < SHORTEST_TITLE {
        return false;
    }
    let has = |words: &[String], word: &String| words.contains(word);
    if let Some(at) = question.windows(title.len()).position(|words| words == title.as_slice()) {
        let around = question[..at].iter().chain(&question[at + title.len()..]);
        let known: Vec<String> =
            paper.authors.iter().chain(&paper.journal).flat_map(|text| plain_words(text)).collect();
        let are_initials = |word: &str| {
            word.chars().count() <= 3 && word.chars().all(|letter| known.iter().any(|known| known.starts_with(letter)))
        };
        let is_known = |word: &&String| {
            has(&known, word)
                || word.chars().count() == 1
                || are_initials(word)
                || word.bytes().all(|byte| byte.is_ascii_digit())
                || known.iter().any(|known| word.len() > 2 && known.starts_with(word.as_str()))
                || WITH_NAMES.contains(&word.as_str())
                || ["of", "in", "by", "from", "doi", "j", "paper", "article", "title", "journal", "a"]
                    .contains(&word.as_str())
        };
        return around.filter(|word| !is_known(word)).count() == 0;
    }
    let of_title = question.iter().filter(|word| has(&title, word)).count();
    let is_in_order = title.windows(question.len()).any(|words| words == question);
    is_in_order && of_title == question.len() && question.len() as f32 >= MOST * title.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Option<(String, Option<u16>)> {
        AuthorNames::asked_by(text).map(|names| (names.words.join(" "), names.year))
    }

    #[test]
    fn names_of_authors_are_known_by_their_form() {
        for (text, words, year) in [
            ("Nai-Lun Chang 2016", "nai lun chang", Some(2016)),
            ("Kong Weixia et al. (2009)", "kong weixia", Some(2009)),
            ("papers by Rainer Straub", "rainer straub", None),
            ("Straub RH, 2007", "straub", Some(2007)),
            ("chang2016", "chang", Some(2016)),
            ("Chang_2016a", "chang", Some(2016)),
            ("WU 2016", "wu", Some(2016)),
            ("Yi and Song 2012?", "yi song", Some(2012)),
            ("Rainer Straub", "rainer straub", None),
            ("straub et al", "straub", None),
        ] {
            assert_eq!(asked(text), Some((words.to_owned(), year)), "{text}");
        }
    }

    #[test]
    fn questions_are_no_names() {
        for text in [
            "MSC effect on RA stiffness",
            "What did Straub find in 2007 about the stiffness of joints that are moved every single day",
            "IL-6",
            "stiffness",
            "Is it safe?",
            "morning stiffness in the joints",
            "CD105 2016",
            "",
        ] {
            let found = asked(text);
            assert!(found.is_none() || text == "Is it safe?", "{text}: {found:?}");
        }
    }

    fn paper() -> Metadata {
        Metadata {
            title: Some("Mesenchymal stem cells in rheumatoid arthritis: what is known".into()),
            authors: vec!["Nai-Lun Chang".into(), "Rainer Hans Straub".into()],
            journal: Some("Arthritis Research & Therapy".into()),
            year: Some(2016),
            ..Metadata::default()
        }
    }

    #[test]
    fn papers_are_matched_by_names_initials_and_years() {
        let matched = |text: &str| AuthorNames::asked_by(text).and_then(|names| names.matched(&paper()));
        assert!(matched("Nai-Lun Chang 2016").is_some_and(|matched| !matched.is_other_first));
        assert!(matched("Straub RH 2016").is_some_and(|matched| matched.is_other_first));
        assert!(matched("Straub X 2016").is_none() && matched("Chang 2013").is_none());
        assert_eq!(matched("Chang 2015").map(|matched| matched.year), Some(YearMatch::Near));
        assert!(matched("chang2016mesenchymal").is_some() && matched("chang2016safety").is_none());
        assert!(matched("Chang and Straub 2016").is_some() && matched("Chang Straub 2016").is_none());
    }

    #[test]
    fn all_words_are_names_of_a_cited_study() {
        let reference =
            Reference { authors: vec!["Brown TL".into(), "West A".into()], year: Some(2015), ..Reference::default() };
        let of = |text: &str| {
            let names = AuthorNames::asked_by(text).expect("names");
            (names.are_of(&reference), names.are_certainly_of(&reference))
        };
        for text in ["Brown 2015", "brown et al 2015", "brown2015", "Brown and West 2015", "Brown TL, 2015"] {
            assert_eq!(of(text), (true, true), "{text}");
        }
        assert_eq!(of("Tina Brown 2015"), (true, false), "its list has an initial");
        assert_eq!(of("brown 2015"), (true, false), "it may be a colour");
        for text in ["brown adipose tissue in obesity 2015", "brown tissue 2015", "Brown Fat 2015", "Brown X 2015"] {
            assert_eq!(of(text), (false, false), "{text}");
        }
    }

    #[test]
    fn a_title_may_have_journal_and_authors_around_it() {
        let is = |question: &str| is_titled(&plain_words(question), &paper());
        assert!(is("Mesenchymal stem cells in rheumatoid arthritis: what is known"));
        assert!(is("Arthritis Research Therapy mesenchymal stem cells in rheumatoid arthritis: what is known"));
        assert!(is(
            "Chang N-L, Straub RH. Mesenchymal stem cells in rheumatoid arthritis: what is known. Arthritis Res Ther 2016;18:1"
        ));
        assert!(is("Mesenchymal stem cells in rheumatoid arthritis: what is"));
        assert!(!is("mesenchymal stem cells in rheumatoid arthritis"));
        assert!(!is("Does exercise help? Mesenchymal stem cells in rheumatoid arthritis: what is known"));
    }
}
