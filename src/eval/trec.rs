//! Topics and judgments in the formats of TREC.

use std::io::BufRead;
use std::path::Path;

use super::lines::Lines;
use super::{DataError, Judgments, QueryId};

/// An information need, described in up to three lengths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topic {
    pub id: String,
    /// Keywords.
    pub title: String,
    /// A sentence or a question.
    pub description: String,
    /// A description of what is relevant and what is not.
    pub narrative: String,
}

impl Topic {
    pub fn query(&self) -> QueryId {
        self.id.as_str().into()
    }
}

/// Reads a file of topics: `<top>` blocks whose tags are not closed (TREC ad hoc), or XML with a `<topic number="…">` for
/// each (TREC-COVID, Clinical Trials).
///
/// # Errors
/// The file cannot be read, is malformed XML, or has a topic without a number or without words.
pub fn open_topics(file: &Path) -> Result<Vec<Topic>, DataError> {
    let text =
        std::fs::read_to_string(file).map_err(|source| DataError::Unreadable { file: file.to_owned(), source })?;
    topics(&text).map_err(|(line, problem)| DataError::Malformed { file: file.to_owned(), line, problem })
}

/// Reads judgments: one line `query iteration document grade` for each, separated by white space.
///
/// # Errors
/// The file cannot be read; the first malformed line; two judgments of one pair that differ.
pub fn open_judgments(file: &Path) -> Result<Judgments, DataError> {
    judgments(Lines::open(file)?)
}

fn judgments<R: BufRead>(mut lines: Lines<R>) -> Result<Judgments, DataError> {
    let mut judgments = Judgments::default();
    lines.for_each(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [query, _iteration, document, grade] = fields[..] else {
            return Err(format!("expected query, iteration, document and grade, found {} fields", fields.len()));
        };
        judgments.insert_once(query, document, grade)
    })?;
    Ok(judgments)
}

/// A line number and the problem with that line.
type Problem = (usize, String);

fn topics(text: &str) -> Result<Vec<Topic>, Problem> {
    if text.contains("<top>") { blocks(text) } else { xml(text) }
}

/// Topics of TREC ad hoc: `<num> Number: 301 <title> … <desc> Description: … <narr> Narrative: …`.
fn blocks(text: &str) -> Result<Vec<Topic>, Problem> {
    let mut topics = Vec::new();
    for (start, _) in text.match_indices("<top>") {
        let block = &text[start + "<top>".len()..];
        let block = block.find("<top>").map_or(block, |end| &block[..end]);
        let topic = Topic {
            id: field(block, "num", "Number:"),
            title: field(block, "title", "Topic:"),
            description: field(block, "desc", "Description:"),
            narrative: field(block, "narr", "Narrative:"),
        };
        check(&topic).map_err(|problem| (1 + text[..start].matches('\n').count(), problem))?;
        topics.push(topic);
    }
    Ok(topics)
}

/// The text from a tag to the next one, without its label.
fn field(block: &str, tag: &str, label: &str) -> String {
    let opening = format!("<{tag}>");
    let Some(start) = block.find(&opening) else { return String::new() };
    let words = &block[start + opening.len()..];
    let words = words.find('<').map_or(words, |end| &words[..end]).trim();
    folded(words.strip_prefix(label).unwrap_or(words))
}

fn xml(text: &str) -> Result<Vec<Topic>, Problem> {
    let document =
        roxmltree::Document::parse(text).map_err(|error| (error.pos().row as usize, format!("not topics: {error}")))?;
    let mut topics = Vec::new();
    for node in document.descendants().filter(|node| node.has_tag_name("topic")) {
        let child = |names: [&str; 3]| {
            node.children().find(|child| names.contains(&child.tag_name().name())).map_or_else(String::new, words)
        };
        let mut topic = Topic {
            id: node.attribute("number").map_or_else(|| child(["num", "number", "id"]), folded),
            title: child(["query", "title", "summary"]),
            description: child(["question", "desc", "description"]),
            narrative: child(["narrative", "narr", "background"]),
        };
        if !node.children().any(|child| child.is_element()) {
            topic.title = words(node);
        }
        check(&topic).map_err(|problem| (document.text_pos_at(node.range().start).row as usize, problem))?;
        topics.push(topic);
    }
    Ok(topics)
}

fn words(node: roxmltree::Node<'_, '_>) -> String {
    folded(&node.descendants().filter_map(|node| node.is_text().then(|| node.text()).flatten()).collect::<String>())
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check(topic: &Topic) -> Result<(), String> {
    if topic.id.is_empty() {
        return Err("the topic has no number".into());
    }
    if topic.title.is_empty() && topic.description.is_empty() {
        return Err(format!("topic {} has neither title nor description", topic.id));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_topics_whose_tags_are_not_closed() {
        let text = "<top>\n<num> Number: 7\n<title> knee pain\n\n<desc> Description:\nWhat eases\nit?\n\n<narr> Narrative:\nTrials.\n</top>\n\
                    <top>\n<num> Number: 8\n<title> Topic: hip\n</top>";
        let read = topics(text).expect("well-formed");
        assert_eq!(read.len(), 2);
        assert_eq!(
            read[0],
            Topic {
                id: "7".into(),
                title: "knee pain".into(),
                description: "What eases it?".into(),
                narrative: "Trials.".into()
            }
        );
        assert_eq!((read[1].query(), read[1].title.as_str()), ("8".into(), "hip"));
        assert_eq!(topics("\n<top>\n<title> x\n</top>"), Err((2, "the topic has no number".into())));
    }

    #[test]
    fn reads_topics_in_xml() {
        let text = "<topics><topic number=\"1\"><query>knee pain</query><question>What eases <i>it</i>?</question></topic>\n\
                    <topic number=\"2\">A patient\n of 60.</topic></topics>";
        let read = topics(text).expect("well-formed");
        assert_eq!((read[0].title.as_str(), read[0].description.as_str()), ("knee pain", "What eases it?"));
        assert_eq!((read[1].id.as_str(), read[1].title.as_str()), ("2", "A patient of 60."));
        assert_eq!(topics("<t>\n<topic number=\"1\"/></t>").map_err(|problem| problem.0), Err(2));
        assert!(topics("no topics").is_err());
    }

    #[test]
    fn reads_judgments() {
        let read = judgments(Lines::new("1 0 a 2\n1  Q0\tb -1\n".as_bytes(), Path::new("q"))).expect("well-formed");
        assert_eq!(read.get(&"1".into()).map(|grades| grades.len()), Some(2));
        let error = judgments(Lines::new("1 0 a".as_bytes(), Path::new("q"))).map_err(|error| error.to_string());
        assert_eq!(error, Err("q:1: expected query, iteration, document and grade, found 3 fields".into()));
    }
}
