//! Parses the syntax of questions: separates a question from its operators. Depends on the text only.
//!
//! ```text
//! question  = { condition | word }
//! condition = phrase | ( "-" | "NOT " ) ( word | phrase ) | field ":" ( word | phrase )
//! field     = "author" | "year" | "journal" | "title" | "section" | "collection" | "tag" | "doi" | "pmid" | "pmcid"
//! phrase    = a text in quotation marks, straight or curly
//! ```
//!
//! A condition begins at the beginning of a word. Everything else remains part of the question: a colon after another
//! word, a hyphen within one, brackets. A part that looks like a condition but is not valid is not searched for as
//! words, but reported.

use std::ops::Range;

use crate::corpus::SectionKind;

/// A parsed question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedQuestion {
    /// The question without its conditions. Includes the words of phrases.
    pub text: String,
    /// In the order of the question.
    pub conditions: Vec<Condition>,
    /// In the order of the question.
    pub not_understood: Vec<NotUnderstood>,
}

/// A condition in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The condition as typed in the question.
    pub typed: String,
    pub kind: ConditionKind,
}

/// What a condition requires of passages or of their papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionKind {
    /// The text contains the phrase word for word.
    Phrase(String),
    /// Neither the text nor its headings contain the word, in any of its forms, or the phrase.
    Without(String),
    /// The name of an author of the paper contains these words.
    Author(String),
    /// A range of years, both inclusive.
    Year(Option<u16>, Option<u16>),
    /// The journal's name, or words of it.
    Journal(String),
    /// The title contains these words.
    Title(String),
    /// The title contains this phrase.
    TitlePhrase(String),
    Section(SectionKind),
    /// The paper is in this collection of a reference manager, or in one below it.
    Collection(String),
    /// The paper has this tag in a reference manager.
    Tag(String),
    /// The paper with this identifier, as written in the question.
    Identifier(String),
}

/// A part of a question that looks like a condition but is not valid. It is not searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// The part as typed in the question.
    pub typed: String,
    /// Why it is not valid, and what was expected.
    pub reason: String,
}

/// Parses a question.
pub fn parse(question: &str) -> ParsedQuestion {
    let mut parser = Parser { question, at: 0, copied: 0, parsed: ParsedQuestion::default(), parts: Vec::new() };
    while let Some(token) = parser.next_token() {
        parser.take(&token);
    }
    parser.finish()
}

/// A token of the question. It contains white space only within quotation marks.
#[derive(Debug, Clone)]
struct Token {
    range: Range<usize>,
}

struct Parser<'a> {
    question: &'a str,
    /// The position of the next byte to read.
    at: usize,
    /// The position up to which the question was copied to `parts` or removed.
    copied: usize,
    parsed: ParsedQuestion,
    /// The remaining parts of the question, in order.
    parts: Vec<&'a str>,
}

/// The opening quotation marks of a phrase, each with its possible closing marks.
const QUOTATION_MARKS: [(char, &str); 4] = [('"', "\"”"), ('“', "”\"“"), ('„', "“”\""), ('«', "»")];

/// Characters that may precede a condition, besides white space.
const OPENING: [char; 2] = ['(', '['];

impl<'a> Parser<'a> {
    /// The next token that is not white space.
    fn next_token(&mut self) -> Option<Token> {
        let rest = &self.question[self.at..];
        let start =
            self.at + rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || OPENING.contains(&c)).len();
        if start == self.question.len() {
            return None;
        }
        let end = start + token_length(&self.question[start..]);
        self.at = end;
        Some(Token { range: start..end })
    }

    fn take(&mut self, token: &Token) {
        let text = &self.question[token.range.clone()];
        if let Some(quoted) = quotation(text) {
            self.take_phrase(token, quoted);
        } else if let Some(excluded) = excluded(text) {
            self.take_out(token.range.clone());
            self.exclude(token.range.clone(), excluded);
        } else if text == "NOT" {
            self.take_negation(token);
        } else if let Some((field, value)) = field(text) {
            self.take_named(token, field, value);
        } else if matches!(text, "AND" | "OR") && self.joins_conditions(token) {
            self.take_out(token.range.clone());
            let reason = format!("{text} is no operator here: all words count, and none must be there");
            self.refuse(token.range.clone(), reason);
        } else if let Some(word) =
            text.strip_suffix('*').filter(|word| word.len() > 1 && word.ends_with(char::is_alphabetic))
        {
            let star = token.range.start + word.len()..token.range.end;
            self.take_out(star);
            self.refuse(token.range.clone(), "* stands for nothing: a word is found in all of its forms".to_owned());
        }
    }

    fn take_phrase(&mut self, token: &Token, quoted: Quotation<'_>) {
        match quoted {
            Quotation::Whole(inside) if has_word(inside) => {
                let typed = &self.question[token.range.clone()];
                let start = token.range.start + (inside.as_ptr() as usize - typed.as_ptr() as usize);
                self.take_out(token.range.start..start);
                self.take_out(start + inside.len()..token.range.end);
                self.accept(token.range.clone(), ConditionKind::Phrase(inside.trim().to_owned()));
            }
            Quotation::Whole(_) => {
                self.take_out(token.range.clone());
                self.refuse(token.range.clone(), "there is no word between the quotation marks".to_owned());
            }
            Quotation::Open(mark) => {
                let range = token.range.start..token.range.start + mark.len_utf8();
                self.take_out(range.clone());
                self.at = range.end;
                self.refuse(
                    range,
                    "a quotation mark that is not closed; the words behind it are not a phrase".to_owned(),
                );
            }
        }
    }

    /// Handles `NOT` with the token after it.
    fn take_negation(&mut self, not: &Token) {
        let before = self.at;
        let Some(next) = self.next_token() else {
            self.take_out(not.range.clone());
            return self.refuse(not.range.clone(), "NOT has no word behind it".to_owned());
        };
        let text = &self.question[next.range.clone()];
        let is_word = quotation(text).is_some() || text.starts_with(char::is_alphanumeric);
        if !is_word {
            self.at = before;
            self.take_out(not.range.clone());
            return self.refuse(not.range.clone(), "NOT has no word behind it".to_owned());
        }
        let range = not.range.start..next.range.end;
        self.take_out(range.clone());
        self.exclude(range, text);
    }

    /// Adds a condition that excludes a word or phrase, or rejects what is neither.
    fn exclude(&mut self, range: Range<usize>, excluded: &str) {
        let plain = match quotation(excluded) {
            Some(Quotation::Whole(inside)) => inside,
            Some(Quotation::Open(mark)) => excluded.trim_start_matches(mark),
            None => excluded.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '+' | '⁺' | '⁻')),
        };
        if field(excluded).is_some() {
            return self.refuse(range, "only words and phrases can be left out".to_owned());
        }
        match has_word(plain) {
            true => self.accept(range, ConditionKind::Without(plain.trim().to_owned())),
            false => self.refuse(range, "there is no word to leave out".to_owned()),
        }
    }

    /// Handles a field with its value. The value of an identifier may follow after a space, as references print it.
    fn take_named(&mut self, token: &Token, field: Field, value: &str) {
        let before = self.at;
        if let (Field::Identifier(_), "", Some(next)) = (field, value, self.next_token()) {
            let value = &self.question[next.range.clone()];
            return self.take_field(&Token { range: token.range.start..next.range.end }, field, value);
        }
        self.at = before;
        self.take_field(token, field, value);
    }

    fn take_field(&mut self, token: &Token, field: Field, value: &str) {
        let name = field.name();
        let is_word = value.is_empty() && field.is_common_word();
        let kept = if is_word { name.len() } else { 0 };
        self.take_out(token.range.start + kept..token.range.end);
        let (value, is_phrase) = match quotation(value) {
            Some(Quotation::Whole(inside)) => (inside.trim(), true),
            Some(Quotation::Open(mark)) => (value.trim_start_matches(mark), false),
            None => (value.trim_end_matches([',', ';', '?', '!', ')', ']']), false),
        };
        if !has_word(value) {
            let read = if is_word { " and is read as a word" } else { "" };
            let reason = format!("{name}: has no value{read}; one follows without a space, as in {}", field.example());
            return self.refuse(token.range.clone(), reason);
        }
        let kind = match field {
            Field::Author => Ok(ConditionKind::Author(value.to_owned())),
            Field::Journal => Ok(ConditionKind::Journal(value.to_owned())),
            Field::Title if is_phrase => Ok(ConditionKind::TitlePhrase(value.to_owned())),
            Field::Title => Ok(ConditionKind::Title(value.to_owned())),
            Field::Collection => Ok(ConditionKind::Collection(value.to_owned())),
            Field::Tag => Ok(ConditionKind::Tag(value.to_owned())),
            Field::Identifier(prefix) => Ok(ConditionKind::Identifier(format!("{prefix}:{value}"))),
            Field::Year => years(value),
            Field::Section => section(value).map(ConditionKind::Section).ok_or_else(|| {
                let known = SectionKind::ALL.map(SectionKind::name).join(", ");
                format!("{value:?} is no kind of section; known are {known}")
            }),
        };
        match kind {
            Ok(kind) => self.accept(token.range.clone(), kind),
            Err(reason) => self.refuse(token.range.clone(), reason),
        }
    }

    /// Whether a word in capitals is meant as a boolean operator: it is between other tokens, at least one of which is
    /// a condition.
    fn joins_conditions(&self, token: &Token) -> bool {
        let is_condition = |text: &str| {
            let text = text.trim_start_matches(OPENING);
            quotation(text).is_some() || excluded(text).is_some() || field(text).is_some() || text == "NOT"
        };
        let before = self.question[..token.range.start].split_whitespace().next_back();
        let after = self.question[token.range.end..].split_whitespace().next();
        match (before, after) {
            (Some(before), Some(after)) => {
                before.ends_with(['"', '”', '»']) || is_condition(before) || is_condition(after)
            }
            _ => false,
        }
    }

    fn accept(&mut self, range: Range<usize>, kind: ConditionKind) {
        self.parsed.conditions.push(Condition { typed: self.question[range].to_owned(), kind });
    }

    fn refuse(&mut self, range: Range<usize>, reason: String) {
        self.parsed.not_understood.push(NotUnderstood { typed: self.question[range].to_owned(), reason });
    }

    /// Removes a part of the question from its text.
    fn take_out(&mut self, range: Range<usize>) {
        if self.copied < range.start {
            self.parts.push(&self.question[self.copied..range.start]);
        }
        self.copied = self.copied.max(range.end);
    }

    fn finish(mut self) -> ParsedQuestion {
        if self.copied == 0 {
            self.parsed.text = self.question.to_owned();
            return self.parsed;
        }
        self.parts.push(&self.question[self.copied..]);
        let text = self.parts.concat();
        self.parsed.text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !has_word(&self.parsed.text) {
            self.parsed.text.clear();
        }
        self.parsed
    }
}

/// Length in bytes of the first token of a text. A quotation at the start of the token or of its value belongs to it,
/// including white space.
fn token_length(text: &str) -> usize {
    let opening = match text.char_indices().find(|(_, c)| c.is_whitespace() || is_quotation_mark(*c)) {
        None => return text.len(),
        Some((at, c)) if c.is_whitespace() => return at,
        Some((at, _)) => at,
    };
    let before = &text[..opening];
    let begins_a_quotation =
        before.is_empty() || before == "-" || field(before).is_some_and(|(_, value)| value.is_empty());
    let quotation_length = if begins_a_quotation { quotation_length(&text[opening..]) } else { None };
    match quotation_length {
        Some(length) => opening + length,
        None => text.find(char::is_whitespace).unwrap_or(text.len()),
    }
}

fn is_quotation_mark(c: char) -> bool {
    QUOTATION_MARKS.iter().any(|(mark, _)| *mark == c)
}

/// Length in bytes of the quotation at the start of a text, including its marks; `None` if it is not closed.
fn quotation_length(text: &str) -> Option<usize> {
    let mark = text.chars().next()?;
    let (_, ends) = QUOTATION_MARKS.iter().find(|(known, _)| *known == mark)?;
    let inside = &text[mark.len_utf8()..];
    let (at, end) = inside.char_indices().find(|(_, c)| ends.contains(*c))?;
    Some(mark.len_utf8() + at + end.len_utf8())
}

/// The quotation at the start of a token.
#[derive(Debug, Clone, Copy)]
enum Quotation<'a> {
    Whole(&'a str),
    /// The quotation mark is not closed.
    Open(char),
}

fn quotation(token: &str) -> Option<Quotation<'_>> {
    let mark = token.chars().next().filter(|c| is_quotation_mark(*c))?;
    let Some(length) = quotation_length(token) else { return Some(Quotation::Open(mark)) };
    let end = token[..length].chars().next_back().map_or(0, char::len_utf8);
    Some(Quotation::Whole(&token[mark.len_utf8()..length - end]))
}

/// The word or phrase that a token excludes. A number with a minus sign is not excluded.
fn excluded(token: &str) -> Option<&str> {
    let rest = token.strip_prefix('-')?;
    let is_number = rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '%' | '-' | '–'));
    let first = rest.chars().next()?;
    ((first.is_alphanumeric() || is_quotation_mark(first)) && !is_number).then_some(rest)
}

/// The field of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Author,
    Year,
    Journal,
    Title,
    Section,
    Collection,
    Tag,
    /// An identifier, with its prefix.
    Identifier(&'static str),
}

impl Field {
    const ALL: [Self; 10] = [
        Self::Author,
        Self::Year,
        Self::Journal,
        Self::Title,
        Self::Section,
        Self::Collection,
        Self::Tag,
        Self::Identifier("doi"),
        Self::Identifier("pmid"),
        Self::Identifier("pmcid"),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Year => "year",
            Self::Journal => "journal",
            Self::Title => "title",
            Self::Section => "section",
            Self::Collection => "collection",
            Self::Tag => "tag",
            Self::Identifier(prefix) => prefix,
        }
    }

    /// Whether titles and questions have the name as a word before a colon: "Caesarean section: outcomes". Without a value,
    /// it is also searched for as a word.
    fn is_common_word(self) -> bool {
        !matches!(self, Self::Author | Self::Identifier(_))
    }

    fn example(self) -> &'static str {
        match self {
            Self::Author => "author:Straub",
            Self::Year => "year:2015..2020",
            Self::Journal => "journal:\"Stem Cells\"",
            Self::Title => "title:stiffness",
            Self::Section => "section:results",
            Self::Collection => "collection:MSC/Clinical",
            Self::Tag => "tag:\"to read\"",
            Self::Identifier("doi") => "doi:10.1186/ar2116",
            Self::Identifier("pmid") => "pmid:17335576",
            Self::Identifier(_) => "pmcid:PMC1906799",
        }
    }
}

/// The field of a token, and its value.
fn field(token: &str) -> Option<(Field, &str)> {
    let (name, value) = token.split_once(':')?;
    let field = Field::ALL.into_iter().find(|field| field.name().eq_ignore_ascii_case(name))?;
    Some((field, value))
}

/// Parses `2015`, `2015..2020`, `2015-2020`, `..2020`, `>=2015`, and similar forms.
fn years(value: &str) -> Result<ConditionKind, String> {
    let expected =
        || format!("{value:?} is no year or range of years, as in year:2015, year:2015..2020 or year:>=2015");
    let year = |text: &str| {
        let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| is_year).ok_or_else(expected)
    };
    let open = |text: &str| if text.is_empty() { Ok(None) } else { year(text).map(Some) };
    let (from, to) = if let Some(least) = value.strip_prefix(">=") {
        (Some(year(least)?), None)
    } else if let Some(most) = value.strip_prefix("<=") {
        (None, Some(year(most)?))
    } else if let Some(below) = value.strip_prefix('>') {
        (Some(year(below)? + 1), None)
    } else if let Some(above) = value.strip_prefix('<') {
        (None, Some(year(above)?.saturating_sub(1)))
    } else {
        let dash = [("..", 2), ("-", 1), ("–", "–".len())]
            .into_iter()
            .find_map(|(dash, length)| Some((value.find(dash)?, length)));
        match dash {
            None => (Some(year(value)?), Some(year(value)?)),
            Some((at, length)) => (open(&value[..at])?, open(value[at + length..].trim_start_matches('.'))?),
        }
    };
    match (from, to) {
        (None, None) => Err(expected()),
        (Some(from), Some(to)) if from > to => Err(format!("the years from {from} to {to} are none")),
        _ => Ok(ConditionKind::Year(from, to)),
    }
}

/// The kind of section with this name, in singular or plural and in any case.
fn section(value: &str) -> Option<SectionKind> {
    let plain = |name: &str| name.to_lowercase().trim_end_matches('s').to_owned();
    let value = match plain(value).as_str() {
        "intro" => "introduction".to_owned(),
        other => other.to_owned(),
    };
    SectionKind::ALL.into_iter().find(|kind| plain(kind.name()) == value)
}

fn has_word(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(question: &str) -> Vec<ConditionKind> {
        parse(question).conditions.into_iter().map(|condition| condition.kind).collect()
    }

    #[test]
    fn conditions_are_taken_out_and_phrases_stay() {
        let parsed = parse("\"morning stiffness\" in RA -MSC author:\"Rainer Straub\" year:2015..2020 section:Results");
        assert_eq!(parsed.text, "morning stiffness in RA");
        assert_eq!(parsed.not_understood, []);
        let kinds: Vec<ConditionKind> = parsed.conditions.into_iter().map(|condition| condition.kind).collect();
        assert_eq!(
            kinds,
            [
                ConditionKind::Phrase("morning stiffness".into()),
                ConditionKind::Without("MSC".into()),
                ConditionKind::Author("Rainer Straub".into()),
                ConditionKind::Year(Some(2015), Some(2020)),
                ConditionKind::Section(SectionKind::Results),
            ]
        );
    }

    #[test]
    fn a_plain_question_stays_as_it_is() {
        for question in [
            "TNF-alpha (in RA): does it work?",
            "MSC effect on RA  stiffness",
            "Author's view: what of IL-6 - and of TNF?",
            "p < 0.05 at -10 °C, 5\" long, ratio 1:2",
            "is 3'-end \"capping",
            "https://doi.org/10.1186/ar2116",
            "title page",
            "HLA-B*27",
            "adjusted OR for death AND survival",
            "-",
            "--limit",
            "",
        ] {
            let parsed = parse(question);
            if question != "is 3'-end \"capping" {
                assert_eq!((parsed.text.as_str(), parsed.conditions.len()), (question, 0));
                assert_eq!(parsed.not_understood, [], "{question}");
            }
        }
    }

    #[test]
    fn words_and_phrases_are_left_out() {
        for question in ["pain -cells", "pain NOT cells", "pain -\"cells\"", "pain (NOT cells)", "-cells pain"] {
            let parsed = parse(question);
            assert_eq!(kinds(question), [ConditionKind::Without("cells".into())], "{question}");
            assert_eq!(parsed.text.trim_matches(['(', ')', ' ']), "pain", "{question}");
        }
    }

    #[test]
    fn years_in_all_forms() {
        for (value, from, to) in [
            ("2015", Some(2015), Some(2015)),
            ("2015..2020", Some(2015), Some(2020)),
            ("2015...2020", Some(2015), Some(2020)),
            ("2015-2020", Some(2015), Some(2020)),
            ("2015–2020", Some(2015), Some(2020)),
            ("2015..", Some(2015), None),
            ("..2020", None, Some(2020)),
            (">=2015", Some(2015), None),
            (">2015", Some(2016), None),
            ("<=2020", None, Some(2020)),
            ("<2020", None, Some(2019)),
        ] {
            assert_eq!(years(value), Ok(ConditionKind::Year(from, to)), "{value}");
        }
        for value in ["abc", "15", "2020..2015", "..", "20155", ">=", "2015..x"] {
            assert!(years(value).is_err(), "{value}");
        }
    }

    #[test]
    fn what_is_not_understood_is_reported_and_not_searched_for() {
        for (question, text, typed) in [
            ("pain year:abc", "pain", "year:abc"),
            ("pain author:", "pain", "author:"),
            ("pain author: Straub", "pain Straub", "author:"),
            ("pain section:tables", "pain", "section:tables"),
            ("Caesarean section: outcomes", "Caesarean section outcomes", "section:"),
            ("data collection:", "data collection", "collection:"),
            ("pain tag:,", "pain", "tag:,"),
            ("pain \"\"", "pain", "\"\""),
            ("pain \"of the joint", "pain of the joint", "\""),
            ("pain NOT", "pain", "NOT"),
            ("pain -author:Straub", "pain", "-author:Straub"),
            ("\"pain\" OR \"ache\"", "pain ache", "OR"),
            ("arthrit* pain", "arthrit pain", "arthrit*"),
        ] {
            let parsed = parse(question);
            assert_eq!(parsed.text, text, "{question}");
            let refused: Vec<&str> = parsed.not_understood.iter().map(|part| part.typed.as_str()).collect();
            assert_eq!(refused, [typed], "{question}");
        }
    }

    #[test]
    fn identifiers_are_conditions_and_journals_are_quoted_or_not() {
        for question in ["doi:10.1186/AR2116", "DOI: 10.1186/AR2116"] {
            assert_eq!(kinds(question), [ConditionKind::Identifier("doi:10.1186/AR2116".into())]);
        }
        assert_eq!(kinds("JOURNAL:“Stem Cells” x"), [ConditionKind::Journal("Stem Cells".into())]);
        assert_eq!(kinds("title:\"in a row\""), [ConditionKind::TitlePhrase("in a row".into())]);
        assert_eq!(
            kinds("collection:MSC/Clinical tag:\"to read\" knees"),
            [ConditionKind::Collection("MSC/Clinical".into()), ConditionKind::Tag("to read".into())]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart(question in "[a-zé0-9\"“”«»:() ><.*–-]{0,60}|(NOT |OR |author:|year:|-|\"|[a-z]{1,3} ){0,12}") {
            let parsed = parse(&question);
            // Every reported part is a substring of the question.
            for typed in parsed.conditions.iter().map(|c| &c.typed).chain(parsed.not_understood.iter().map(|n| &n.typed)) {
                prop_assert!(question.contains(typed.as_str()));
            }
            if parsed.conditions.is_empty() && parsed.not_understood.is_empty() {
                prop_assert_eq!(&parsed.text, &question);
            }
            // The text contains no character that is not in the question.
            prop_assert!(parsed.text.chars().all(|c| c == ' ' || question.contains(c)));
        }

        #[test]
        fn words_alone_are_no_conditions(question in "[a-z]{1,8}( [a-z]{1,8}[:,.?-]?){0,8}") {
            prop_assume!(!Field::ALL.iter().any(|field| question.contains(&format!("{}:", field.name()))));
            let parsed = parse(&question);
            prop_assert_eq!(parsed, ParsedQuestion { text: question, ..ParsedQuestion::default() });
        }
    }
}
