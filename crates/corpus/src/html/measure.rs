//! Counts words, links, prose and similar quantities in each part of a page.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::names::is_caption_element;
use super::tree::{Content, Tree, is_block, is_heading};
use crate::heading::without_number;
use crate::patterns::compile;

/// Minimum number of words in a run of prose.
const MIN_WORDS: usize = 12;
/// Number of words from which a run is prose even without a full stop.
const MIN_WORDS_WITHOUT_STOP: usize = 30;

/// A running sum over the nodes of a tree.
#[derive(Debug, Default)]
pub(super) struct Sums(Vec<u32>);

impl Sums {
    pub(super) fn new(values: impl Iterator<Item = usize>) -> Self {
        let mut sum = 0_u32;
        let mut sums = vec![0];
        sums.extend(values.map(|value| {
            sum = sum.saturating_add(u32::try_from(value).unwrap_or(u32::MAX));
            sum
        }));
        Sums(sums)
    }

    /// The sum over a range of nodes.
    pub(super) fn over(&self, range: Range<usize>) -> usize {
        let at = |index: usize| self.0.get(index).or(self.0.last()).copied().unwrap_or(0);
        at(range.end).saturating_sub(at(range.start)) as usize
    }

    /// The first node of a range with a value above zero.
    pub(super) fn first_in(&self, range: Range<usize>) -> Option<usize> {
        let start = self.0.get(range.start)?;
        let found = self.0.partition_point(|sum| sum <= start).checked_sub(1)?;
        range.contains(&found).then_some(found)
    }
}

#[derive(Debug)]
pub(super) struct Measure {
    pub(super) words: Sums,
    /// Words in runs of text that have the form of sentences and do not consist of links.
    pub(super) prose: Sums,
    pub(super) headings: Sums,
    /// Headings that only sections of papers have: abstract, methods, references.
    pub(super) section_headings: Sums,
    pub(super) tables: Sums,
    pub(super) cells: Sums,
    /// Elements with names of captions, and figures.
    pub(super) captions: Sums,
    pub(super) figures: Sums,
    /// Words inside links that lead to another page.
    pub(super) linked: Sums,
}

impl Measure {
    pub(super) fn new(tree: &Tree) -> Self {
        let (prose, linked) = prose(tree);
        let count = |is: &dyn Fn(usize) -> bool| Sums::new((0..tree.len()).map(|index| usize::from(is(index))));
        Measure {
            words: Sums::new((0..tree.len()).map(|index| words_of(tree, index))),
            prose: Sums::new(prose.into_iter().map(|words| words as usize)),
            headings: count(&|index| is_heading(tree.name(index))),
            section_headings: count(&|index| {
                is_heading(tree.name(index)) && is_section_heading(&short_text(tree, tree.subtree(index)))
            }),
            tables: count(&|index| tree.name(index) == "table"),
            cells: count(&|index| matches!(tree.name(index), "td" | "th")),
            captions: outermost_captions(tree),
            figures: count(&|index| tree.name(index) == "figure"),
            linked: Sums::new(linked.into_iter().map(|words| words as usize)),
        }
    }
}

/// Counts captions. Elements with such a name inside a caption are parts of it.
fn outermost_captions(tree: &Tree) -> Sums {
    let mut end = 0;
    Sums::new((0..tree.len()).map(|index| {
        let is_caption = index >= end && tree.tag(index).is_some_and(is_caption_element);
        if is_caption {
            end = tree.subtree(index).end;
        }
        usize::from(is_caption)
    }))
}

/// The text of a small subtree; empty for a large one, so that the texts of all nodes take linear time.
pub(super) fn short_text(tree: &Tree, range: Range<usize>) -> String {
    if range.len() <= 40 { tree.text(range) } else { String::new() }
}

/// Whether only sections of papers have this heading.
pub(super) fn is_section_heading(heading: &str) -> bool {
    static SECTION: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r"(?i)^(?:abstract|(?:\w+ )?summary|introduction|background|objectives?|aims?|purpose|highlights|key ?points|importance",
            r"|(?:patients?|subjects?|materials?|participants|study design|experimental)(?: and |/| & )?(?:methods?|procedures?|section)?|method(?:s|ology)?(?: summary)?",
            r"|(?:main |our )?(?:results?|findings)(?: and discussions?)?|discussions?(?: and conclusions?)?|conclusions?(?: and .*)?|concluding remarks|limitations",
            r"|main text|case (?:report|presentation|description)|theory|references(?: cited| and notes)?|bibliography|literature cited|acknowledge?ments?)[.:]?$",
        ))
    });
    SECTION.is_match(without_number(heading))
}

pub(super) fn count_words(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

fn words_of(tree: &Tree, index: usize) -> usize {
    match tree.node(index).map(|node| &node.content) {
        Some(Content::Text(text)) => count_words(text),
        _ => 0,
    }
}

/// A run of text within one block.
#[derive(Default)]
struct Run {
    /// Its texts, and the words of each.
    texts: Vec<(usize, usize)>,
    words: usize,
    linked: usize,
    ends_a_sentence: bool,
}

/// For each text, its number of words if it is part of a run of prose, and its number of words in links to other pages.
fn prose(tree: &Tree) -> (Vec<u32>, Vec<u32>) {
    let mut prose = vec![0; tree.len()];
    let mut linked = vec![0; tree.len()];
    let mut blocks: Vec<usize> = Vec::new();
    let mut link_end = 0;
    let mut run = Run::default();
    let mut breaks = 0;
    let finish = |run: &mut Run, prose: &mut Vec<u32>| {
        let run = std::mem::take(run);
        let is_prose = run.words >= MIN_WORDS
            && run.linked * 2 <= run.words
            && (run.ends_a_sentence || run.words >= MIN_WORDS_WITHOUT_STOP);
        for (index, words) in run.texts.into_iter().filter(|_| is_prose) {
            if let Some(value) = prose.get_mut(index) {
                *value = u32::try_from(words).unwrap_or(u32::MAX);
            }
        }
    };
    for index in 0..tree.len() {
        while blocks.pop_if(|end| *end <= index).is_some() {
            finish(&mut run, &mut prose);
        }
        let Some(node) = tree.node(index) else { continue };
        match &node.content {
            Content::Element(tag) if is_block(&tag.name) => {
                finish(&mut run, &mut prose);
                blocks.push(node.end);
            }
            Content::Element(tag) if tag.name == "br" => {
                breaks += 1;
                if breaks == 2 {
                    finish(&mut run, &mut prose);
                }
            }
            Content::Element(tag) if tag.name == "a" && tag.attribute("href").is_some_and(|to| !to.contains('#')) => {
                link_end = node.end;
            }
            Content::Text(_) if matches!(tree.name(node.parent), "title" | "option") => {}
            Content::Text(text) => {
                let words = count_words(text);
                if words > 0 {
                    breaks = 0;
                    run.texts.push((index, words));
                }
                run.words += words;
                if index < link_end {
                    run.linked += words;
                    if let Some(linked) = linked.get_mut(index) {
                        *linked = u32::try_from(words).unwrap_or(u32::MAX);
                    }
                }
                if let Some(last) = text.trim_end().chars().next_back() {
                    run.ends_a_sentence = matches!(last, '.' | '?' | '!' | ':' | ';' | ')' | ']' | '”' | '"' | '。')
                        || run.ends_a_sentence && last.is_ascii_digit();
                }
            }
            _ => {}
        }
    }
    finish(&mut run, &mut prose);
    (prose, linked)
}
