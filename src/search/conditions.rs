//! Combines the conditions of a request and of its question into one filter, and finds those that no passage meets.

use std::collections::BTreeSet;

use strsim::jaro_winkler;

use super::answer::{ConditionInForce, ConditionName};
use super::phrase::has_indexed_word;
use super::syntax::{Condition, ConditionKind, NotUnderstood};
use crate::corpus::SectionKind;
use crate::store::{Filter, IndexError, Labels, Snapshot};

/// Maximum number of existing values that are shown if the requested one does not exist.
const MAX_KNOWN: usize = 5;

/// All conditions that passages must meet.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    each: Vec<ResolvedCondition>,
    /// Texts that passages must contain word for word.
    pub(super) phrases: Vec<String>,
}

/// A condition with the filter for it alone.
#[derive(Debug)]
struct ResolvedCondition {
    name: ConditionName,
    value: String,
    /// `None` if nothing can meet it.
    filter: Option<Filter>,
}

impl Conditions {
    /// Resolves the conditions of a request's filter and of its question. Looks up the names in them. Parts that cannot
    /// be conditions are added to `not_understood`.
    pub(super) fn resolve(
        asked: &Filter,
        labels: &Labels,
        of_question: &[Condition],
        snapshot: &Snapshot,
        not_understood: &mut Vec<NotUnderstood>,
    ) -> Result<Self, IndexError> {
        let mut conditions = Self::default();
        conditions.add_asked(asked, snapshot)?;
        conditions.add_labels(labels, snapshot)?;
        let mut journals = BTreeSet::new();
        let mut sections = BTreeSet::new();
        for Condition { typed, kind } in of_question {
            match kind {
                ConditionKind::Phrase(text) | ConditionKind::Without(text) if !has_indexed_word(text) => {
                    let reason = "it has only words that are in nearly every text and not indexed".to_owned();
                    not_understood.push(NotUnderstood { typed: typed.clone(), reason });
                }
                ConditionKind::Phrase(text) => {
                    conditions.phrases.push(text.clone());
                    let filter = Filter { phrases: BTreeSet::from([text.clone()]), ..Filter::default() };
                    conditions.add(ConditionName::Phrase, text, Some(filter));
                }
                ConditionKind::Without(text) => {
                    let filter = Filter { excluded: BTreeSet::from([text.clone()]), ..Filter::default() };
                    conditions.add(ConditionName::Without, text, Some(filter));
                }
                ConditionKind::Author(name) => {
                    conditions.add(ConditionName::Author, name, of_papers(snapshot.papers_of_author(name)?));
                }
                ConditionKind::Title(title) => {
                    conditions.add(ConditionName::Title, title, of_papers(snapshot.papers_with_title(title, false)?));
                }
                ConditionKind::TitlePhrase(title) => {
                    conditions.add(ConditionName::Title, title, of_papers(snapshot.papers_with_title(title, true)?));
                }
                ConditionKind::Identifier(name) => {
                    let papers = snapshot.paper_named(name)?.map(|paper| paper.id.to_string()).into_iter().collect();
                    conditions.add(ConditionName::Paper, name, of_papers(papers));
                }
                ConditionKind::Collection(name) => {
                    let collections = BTreeSet::from([name.clone()]);
                    conditions.add_labels(&Labels { collections, ..Labels::default() }, snapshot)?;
                }
                ConditionKind::Tag(name) => {
                    let tags = BTreeSet::from([name.clone()]);
                    conditions.add_labels(&Labels { tags, ..Labels::default() }, snapshot)?;
                }
                ConditionKind::Year(from, to) => conditions.add_years(*from, *to),
                ConditionKind::Journal(name) => journals.extend([name.clone()]),
                ConditionKind::Section(kind) => sections.extend([*kind]),
            }
        }
        conditions.add_journals(&journals, snapshot)?;
        conditions.add_sections(&sections);
        Ok(conditions)
    }

    fn add(&mut self, name: ConditionName, value: &str, filter: Option<Filter>) {
        self.each.push(ResolvedCondition { name, value: value.to_owned(), filter });
    }

    fn add_asked(&mut self, asked: &Filter, snapshot: &Snapshot) -> Result<(), IndexError> {
        self.add_years(asked.year_from, asked.year_to);
        self.add_journals(&asked.journals, snapshot)?;
        if !asked.article_types.is_empty() {
            let types = snapshot.article_types_named(&asked.article_types)?;
            let filter = (!types.is_empty()).then(|| Filter { article_types: types, ..Filter::default() });
            self.add(ConditionName::Type, &any_of(&asked.article_types), filter);
        }
        if !asked.papers.is_empty() {
            let mut papers = BTreeSet::new();
            for name in &asked.papers {
                papers.extend(snapshot.paper_named(name)?.map(|paper| paper.id.to_string()));
            }
            self.add(ConditionName::Paper, &any_of(&asked.papers), of_papers(papers));
        }
        self.add_sections(&asked.sections);
        for text in &asked.phrases {
            let filter = Filter { phrases: BTreeSet::from([text.clone()]), ..Filter::default() };
            self.add(ConditionName::Phrase, text, Some(filter));
        }
        for text in &asked.excluded {
            let filter = Filter { excluded: BTreeSet::from([text.clone()]), ..Filter::default() };
            self.add(ConditionName::Without, text, Some(filter));
        }
        Ok(())
    }

    fn add_labels(&mut self, labels: &Labels, snapshot: &Snapshot) -> Result<(), IndexError> {
        let Labels { collections, tags } = labels;
        if !collections.is_empty() {
            let papers = snapshot.papers_in_collections(collections)?;
            self.add(ConditionName::Collection, &any_of(collections), of_papers(papers));
        }
        if !tags.is_empty() {
            self.add(ConditionName::Tag, &any_of(tags), of_papers(snapshot.papers_with_tags(tags)?));
        }
        Ok(())
    }

    fn add_years(&mut self, from: Option<u16>, to: Option<u16>) {
        let value = match (from, to) {
            (None, None) => return,
            (Some(from), Some(to)) if from == to => from.to_string(),
            (Some(from), Some(to)) => format!("{from} to {to}"),
            (Some(from), None) => format!("from {from}"),
            (None, Some(to)) => format!("to {to}"),
        };
        self.add(ConditionName::Year, &value, Some(Filter { year_from: from, year_to: to, ..Filter::default() }));
    }

    fn add_journals(&mut self, names: &BTreeSet<String>, snapshot: &Snapshot) -> Result<(), IndexError> {
        if names.is_empty() {
            return Ok(());
        }
        let mut journals = BTreeSet::new();
        for name in names {
            journals.extend(snapshot.journals_named(name)?);
        }
        let filter = (!journals.is_empty()).then(|| Filter { journals, ..Filter::default() });
        self.add(ConditionName::Journal, &any_of(names), filter);
        Ok(())
    }

    fn add_sections(&mut self, sections: &BTreeSet<SectionKind>) {
        if !sections.is_empty() {
            let names = sections.iter().map(|kind| kind.name().to_owned()).collect();
            self.add(
                ConditionName::Section,
                &any_of(&names),
                Some(Filter { sections: sections.clone(), ..Filter::default() }),
            );
        }
    }

    /// The filter for all conditions; `None` if nothing can meet all of them.
    pub(super) fn filter(&self) -> Option<Filter> {
        self.each.iter().try_fold(Filter::default(), |filter, condition| both(filter, condition.filter.clone()?))
    }

    /// Whether a condition selects papers, so that they may be listed without a question.
    pub(super) fn names_papers(&self) -> bool {
        use ConditionName::{Author, Collection, Journal, Paper, Tag, Title, Type, Year};
        let names = |name| matches!(name, Author | Collection | Journal | Paper | Tag | Title | Type | Year);
        self.each.iter().any(|condition| names(condition.name))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// The conditions in readable form.
    pub(super) fn in_force(&self) -> Vec<ConditionInForce> {
        let shown = |condition: &ResolvedCondition| ConditionInForce {
            kind: condition.name,
            value: condition.value.clone(),
            passages: None,
            known: Vec::new(),
        };
        self.each.iter().map(shown).collect()
    }

    /// The conditions in readable form for an empty result, and a message that says which of them are the reason.
    pub(super) fn blamed(&self, snapshot: &Snapshot) -> Result<(Vec<ConditionInForce>, String), IndexError> {
        let mut shown = self.in_force();
        let mut blamed = Vec::new();
        for (shown, condition) in shown.iter_mut().zip(&self.each) {
            let count = condition.filter.as_ref().map_or(Ok(0), |filter| snapshot.count_passages(filter))?;
            shown.passages = Some(count);
            if count == 0 {
                shown.known = condition.known_values(snapshot)?;
                blamed.push(condition.failure(&shown.known, snapshot)?);
            }
        }
        if !blamed.is_empty() {
            return Ok((shown, blamed.join("; ")));
        }
        let count = |conditions: &Self| match conditions.filter() {
            Some(filter) => snapshot.count_passages(&filter),
            None => Ok(0),
        };
        if count(self)? > 0 {
            let reason = match self.phrases.as_slice() {
                [] => "paragraphs meet the conditions, but none has a word of the question".to_owned(),
                _ => "no paragraph that meets the other conditions has the phrase word for word".to_owned(),
            };
            return Ok((shown, reason));
        }
        let mut without = Vec::new();
        for left_out in 0..self.each.len() {
            let filters = self.each.iter().enumerate().filter(|(at, _)| *at != left_out);
            let rest = filters.map(|(_, condition)| condition.filter.clone()).collect::<Option<Vec<_>>>();
            let rest = rest.and_then(|rest| rest.into_iter().try_fold(Filter::default(), both));
            let count = rest.map_or(Ok(0), |filter| snapshot.count_passages(&filter))?;
            if count > 0 {
                without.push(format!("without {} there are {count}", self.each[left_out].shown()));
            }
        }
        Ok((
            shown,
            ["no paragraph meets all conditions at once".to_owned()]
                .into_iter()
                .chain(without)
                .collect::<Vec<_>>()
                .join("; "),
        ))
    }
}

impl ResolvedCondition {
    /// The condition as it could be typed.
    fn shown(&self) -> String {
        match self.name {
            ConditionName::Phrase => format!("\"{}\"", self.value),
            ConditionName::Without => format!("-{}", self.value),
            other => format!("{}:{}", name(other), self.value),
        }
    }

    /// A message that says why nothing meets the condition.
    fn failure(&self, known: &[String], snapshot: &Snapshot) -> Result<String, IndexError> {
        let (shown, known) = (self.shown(), known.join(", "));
        Ok(match self.name {
            ConditionName::Phrase => format!("no paragraph has {shown}"),
            ConditionName::Without => format!("every paragraph has what {shown} leaves out"),
            ConditionName::Author | ConditionName::Title if !snapshot.knows_names()? => {
                format!("{shown} cannot be looked up: the index is of an earlier version; index its papers again")
            }
            _ if known.is_empty() => format!("no paper here meets {shown}"),
            _ => format!("no paper here meets {shown}; there are {known}"),
        })
    }

    /// Existing values that resemble the requested ones.
    fn known_values(&self, snapshot: &Snapshot) -> Result<Vec<String>, IndexError> {
        Ok(match self.name {
            ConditionName::Year => {
                let years = snapshot.paper_facets()?.years;
                let ends = years.keys().next().zip(years.keys().next_back());
                ends.map(|(first, last)| format!("years from {first} to {last}")).into_iter().collect()
            }
            ConditionName::Journal => nearest(&self.value, snapshot.paper_facets()?.journals.into_keys()),
            ConditionName::Type => nearest(&self.value, snapshot.paper_facets()?.article_types.into_keys()),
            ConditionName::Author => nearest(&self.value, snapshot.author_words()?.into_iter()),
            ConditionName::Collection => nearest(&self.value, snapshot.collections()?.into_keys()),
            ConditionName::Tag => nearest(&self.value, snapshot.tags()?.into_keys()),
            ConditionName::Section => {
                let mut known = Vec::new();
                for kind in SectionKind::ALL {
                    let filter = Filter { sections: BTreeSet::from([kind]), ..Filter::default() };
                    if snapshot.count_passages(&filter)? > 0 {
                        known.push(kind.name().to_owned());
                    }
                }
                known
            }
            ConditionName::Phrase | ConditionName::Without | ConditionName::Title | ConditionName::Paper => Vec::new(),
        })
    }
}

/// The name of a condition in the syntax of questions.
fn name(name: ConditionName) -> &'static str {
    match name {
        ConditionName::Phrase => "phrase",
        ConditionName::Without => "without",
        ConditionName::Author => "author",
        ConditionName::Year => "year",
        ConditionName::Journal => "journal",
        ConditionName::Title => "title",
        ConditionName::Type => "type",
        ConditionName::Section => "section",
        ConditionName::Paper => "paper",
        ConditionName::Collection => "collection",
        ConditionName::Tag => "tag",
    }
}

fn any_of(values: &BTreeSet<String>) -> String {
    values.iter().map(String::as_str).collect::<Vec<_>>().join(" or ")
}

fn of_papers(papers: BTreeSet<String>) -> Option<Filter> {
    (!papers.is_empty()).then(|| Filter { papers, ..Filter::default() })
}

/// The values with the most similar spelling, most similar first.
fn nearest(value: &str, known: impl Iterator<Item = String>) -> Vec<String> {
    let value = value.to_lowercase();
    let mut known: Vec<(f64, String)> =
        known.map(|known| (jaro_winkler(&value, &known.to_lowercase()), known)).collect();
    known.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    known.into_iter().take(MAX_KNOWN).map(|(_, known)| known).collect()
}

/// The intersection of two filters; `None` if it is empty.
fn both(one: Filter, other: Filter) -> Option<Filter> {
    let later = |a: Option<u16>, b: Option<u16>| a.into_iter().chain(b).max();
    let earlier = |a: Option<u16>, b: Option<u16>| a.into_iter().chain(b).min();
    Some(Filter {
        year_from: later(one.year_from, other.year_from),
        year_to: earlier(one.year_to, other.year_to),
        journals: common(one.journals, other.journals)?,
        article_types: common(one.article_types, other.article_types)?,
        papers: common(one.papers, other.papers)?,
        sections: common(one.sections, other.sections)?,
        phrases: &one.phrases | &other.phrases,
        excluded: &one.excluded | &other.excluded,
    })
    .filter(|both| both.year_from.zip(both.year_to).is_none_or(|(from, to)| from <= to))
}

/// The intersection of two sets, where an empty set stands for all values; `None` if it is empty.
fn common<T: Ord>(one: BTreeSet<T>, other: BTreeSet<T>) -> Option<BTreeSet<T>> {
    if one.is_empty() || other.is_empty() {
        return Some(if one.is_empty() { other } else { one });
    }
    let both: BTreeSet<T> = one.into_iter().filter(|value| other.contains(value)).collect();
    (!both.is_empty()).then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn papers(ids: &[&str]) -> Filter {
        Filter { papers: ids.iter().map(|id| (*id).to_owned()).collect(), ..Filter::default() }
    }

    #[test]
    fn conditions_of_one_kind_are_both_met_or_nothing_is() {
        assert_eq!(both(papers(&["a", "b"]), papers(&["b", "c"])), Some(papers(&["b"])));
        assert_eq!(both(papers(&["a"]), papers(&["b"])), None);
        assert_eq!(both(papers(&["a"]), Filter::default()), Some(papers(&["a"])));
        let years = |from, to| Filter { year_from: Some(from), year_to: Some(to), ..Filter::default() };
        assert_eq!(both(years(2010, 2015), years(2012, 2020)), Some(years(2012, 2015)));
        assert_eq!(both(years(2010, 2012), years(2015, 2020)), None);
    }

    #[test]
    fn near_values_come_first() {
        let known = ["Cells", "Nature Medicine", "Nature"].map(str::to_owned);
        assert_eq!(nearest("natur", known.into_iter())[0], "Nature");
    }
}
