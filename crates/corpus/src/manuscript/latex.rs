//! Reads LaTeX manuscripts as written: files are not included, and the author's macros are not expanded.

use super::latex_symbols::{accent, symbol};
use super::paragraph::{Paragraph, Paragraphs};

/// Environments that contain a block quotation.
const QUOTATIONS: [&str; 6] = ["quote", "quotation", "displayquote", "quoting", "blockquote", "displaycquote"];

/// Environments whose content is not prose.
const LEFT_OUT: [&str; 17] = [
    "equation",
    "equation*",
    "align",
    "align*",
    "gather",
    "gather*",
    "eqnarray",
    "multline",
    "displaymath",
    "verbatim",
    "lstlisting",
    "minted",
    "tikzpicture",
    "thebibliography",
    "comment",
    "filecontents",
    "filecontents*",
];

/// Commands whose arguments are not text of the manuscript.
const WITHOUT_TEXT: [&str; 24] = [
    "label",
    "ref",
    "cref",
    "Cref",
    "autoref",
    "eqref",
    "pageref",
    "url",
    "includegraphics",
    "bibliography",
    "input",
    "bibliographystyle",
    "include",
    "usepackage",
    "documentclass",
    "vspace",
    "hspace",
    "newcommand",
    "renewcommand",
    "addbibresource",
    "setlength",
    "pagestyle",
    "thispagestyle",
    "index",
];

/// Commands whose argument is a heading.
const HEADINGS: [&str; 9] =
    ["part", "chapter", "section", "subsection", "subsubsection", "paragraph", "title", "author", "date"];

/// Maximum number of open braces. Deeper ones are read as text.
const MAX_DEPTH: usize = 200;

pub(super) fn read(source: &str) -> Vec<Paragraph> {
    const BEGIN: &str = "\\begin{document}";
    let body = source.find(BEGIN).map_or(0, |at| at + BEGIN.len());
    let mut reader = Reader { source, at: body, ..Reader::default() };
    reader.run();
    reader.paragraphs.finish()
}

#[derive(Debug, Default)]
struct Reader<'a> {
    source: &'a str,
    at: usize,
    paragraphs: Paragraphs,
    /// For each open brace, the action at its closing brace.
    open: Vec<Closing<'a>>,
    /// Nesting depth of the environments that contain a block quotation.
    quotations: usize,
}

#[derive(Debug)]
enum Closing<'a> {
    Nothing,
    /// A quotation ends, and its citation follows.
    Quotation(&'a str),
    /// A footnote ends, and the interrupted paragraph continues.
    Footnote(Paragraph),
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn run(&mut self) {
        while let Some(next) = self.rest().chars().next() {
            match next {
                '\\' => self.command(),
                '%' => self.comment(),
                '{' => {
                    self.at += 1;
                    self.push_open(Closing::Nothing);
                }
                '}' => self.close(),
                '\n' if self.is_empty_line() => {
                    self.at += 1;
                    self.end_paragraph();
                }
                '$' | '^' | '_' => self.at += 1,
                '~' => self.emit(" ", 1),
                '-' => self.dashes(),
                '`' | '\'' | '"' => self.quotation_mark(next),
                _ => {
                    let plain = |c: char| {
                        !matches!(c, '\\' | '%' | '{' | '}' | '\n' | '$' | '^' | '_' | '~' | '-' | '`' | '\'' | '"')
                    };
                    let rest = self.rest();
                    let length = rest.find(|c| !plain(c)).unwrap_or(rest.len()).max(next.len_utf8());
                    self.emit(&rest[..length], length);
                }
            }
        }
    }

    /// Writes text for the next `length` bytes of the source.
    fn emit(&mut self, text: &str, length: usize) {
        self.paragraphs.push(text, self.at..self.at + length);
        self.at += length;
    }

    fn end_paragraph(&mut self) {
        self.paragraphs.end(self.quotations > 0);
    }

    fn is_empty_line(&self) -> bool {
        let line = self.rest().get(1..).unwrap_or_default().split('\n').next().unwrap_or_default();
        line.trim().is_empty()
    }

    /// A comment includes the end of its line and the white space at the beginning of the next line.
    fn comment(&mut self) {
        let rest = self.rest();
        let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let after = &rest[line..];
        self.at += line + (after.len() - after.trim_start_matches([' ', '\t']).len());
    }

    fn dashes(&mut self) {
        let rest = self.rest();
        match () {
            () if rest.starts_with("---") => self.emit("—", 3),
            () if rest.starts_with("--") => self.emit("–", 2),
            () => self.emit("-", 1),
        }
    }

    fn quotation_mark(&mut self, next: char) {
        let rest = self.rest();
        for (source, text) in [("``", "“"), ("''", "”"), ("\"`", "„"), ("\"'", "“"), ("\"<", "«"), ("\">", "»")]
        {
            if rest.starts_with(source) {
                return self.emit(text, source.len());
            }
        }
        match next {
            '`' => self.emit("‘", 1),
            '\'' => self.emit("’", 1),
            _ => self.emit("\"", 1),
        }
    }

    fn push_open(&mut self, closing: Closing<'a>) {
        if self.open.len() < MAX_DEPTH {
            self.open.push(closing);
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Closing::Quotation(keys)) => {
                self.paragraphs.push("”", self.at..self.at + 1);
                self.at += 1;
                return self.cite(keys, self.at);
            }
            Some(Closing::Footnote(interrupted)) => self.paragraphs.resume(interrupted),
            Some(Closing::Nothing) | None => {}
        }
        self.at += 1;
    }

    fn command(&mut self) {
        let start = self.at;
        let rest = self.rest().get(1..).unwrap_or_default();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let length = if letters > 0 { letters } else { rest.chars().next().map_or(0, char::len_utf8) };
        let name = &rest[..length];
        self.at += 1 + length;
        if letters > 0 && self.rest().starts_with('*') {
            self.at += 1;
        }
        if let Some(mark) = accent(name).filter(|_| letters == 0 || self.rest().trim_start().starts_with('{')) {
            return self.accented(start, mark);
        }
        match name {
            "\\" | "newline" | "linebreak" => {
                self.arguments('[', ']');
                self.paragraphs.push(" ", start..self.at);
            }
            "par" | "item" => {
                self.arguments('[', ']');
                self.end_paragraph();
            }
            "begin" => self.begin(),
            "end" => self.end(),
            "(" | ")" | "-" | "/" => {}
            "[" => self.skip_to("\\]"),
            "," | ";" | ":" | " " | "!" | ">" => self.paragraphs.push(" ", start..self.at),
            "verb" => self.verb(),
            "enquote" | "textquote" | "blockquote" | "foreignquote" | "textcquote" | "blockcquote"
            | "foreigntextquote" => {
                self.quotation(name, start);
            }
            "footnote" | "footnotetext" | "thanks" => {
                self.arguments('[', ']');
                if self.take_brace() {
                    let interrupted = self.paragraphs.interrupt();
                    self.push_open(Closing::Footnote(interrupted));
                }
            }
            _ if name.to_ascii_lowercase().contains("cite") => self.citation(start),
            _ if WITHOUT_TEXT.contains(&name) => {
                self.arguments('[', ']');
                while !self.arguments('{', '}').is_empty() {}
            }
            _ if HEADINGS.contains(&name) => {
                self.end_paragraph();
                self.arguments('[', ']');
                self.arguments('{', '}');
                self.end_paragraph();
            }
            _ => match symbol(name) {
                Some(text) => {
                    // White space after a command of letters ends its name.
                    let rest = self.rest();
                    let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                    self.at += if rest.starts_with("{}") { 2 } else { spaces };
                    self.paragraphs.push(text, start..self.at);
                }
                None if letters == 0 => self.paragraphs.push(name, start..self.at),
                // For any other command, `\emph{…}` or one of the author's, the arguments are read as text.
                None => drop(self.arguments('[', ']')),
            },
        }
    }

    /// A letter with an accent: `\'e`, `\"{o}`, `\v{s}`.
    fn accented(&mut self, start: usize, mark: char) {
        self.at += self.rest().len() - self.rest().trim_start().len();
        let inner = self.arguments('{', '}');
        let base = match inner {
            "" => {
                let Some(next) = self.rest().chars().next().filter(|c| c.is_alphabetic()) else { return };
                self.at += next.len_utf8();
                next
            }
            _ => inner.trim_start_matches('\\').chars().next().unwrap_or(' '),
        };
        self.paragraphs.push(&format!("{base}{mark}"), start..self.at);
    }

    fn begin(&mut self) {
        let name = self.arguments('{', '}');
        if QUOTATIONS.contains(&name) {
            self.quotations += 1;
            self.end_paragraph();
            if self.rest().starts_with('[') || name == "displaycquote" {
                self.arguments('[', ']');
                let at = self.at;
                let keys = if name == "displaycquote" { self.arguments('{', '}') } else { "" };
                self.cite(keys, at);
            }
        } else if LEFT_OUT.contains(&name) {
            self.end_paragraph();
            self.skip_to(&format!("\\end{{{name}}}"));
        } else {
            self.arguments('[', ']');
            self.end_paragraph();
        }
    }

    fn end(&mut self) {
        if QUOTATIONS.contains(&self.arguments('{', '}')) {
            self.quotations = self.quotations.saturating_sub(1);
        }
        self.end_paragraph();
    }

    /// A quotation by a command of csquotes: `\enquote{…}`, `\textquote[\cite{key}]{…}`, `\textcquote[12]{key}{…}`.
    fn quotation(&mut self, name: &str, start: usize) {
        let source = self.arguments('[', ']');
        if name.starts_with("foreign") {
            self.arguments('{', '}');
        }
        let keys = if name.contains("cquote") { self.arguments('{', '}') } else { braced(source) };
        if self.take_brace() {
            self.paragraphs.push("“", start..self.at);
            self.push_open(Closing::Quotation(keys));
        }
    }

    /// Handles `\cite{a,b}`, and the other commands of natbib and biblatex: `\parencites[12]{a}{b}`.
    fn citation(&mut self, start: usize) {
        let mut keys: Vec<&str> = Vec::new();
        loop {
            while !self.arguments('[', ']').is_empty() {}
            while !self.arguments('(', ')').is_empty() {}
            match self.arguments('{', '}') {
                "" => break,
                more => keys.push(more),
            }
        }
        self.cite(&keys.join(","), start);
    }

    /// Writes citations in pandoc's syntax.
    fn cite(&mut self, keys: &str, start: usize) {
        let keys: Vec<String> =
            keys.split(',').map(str::trim).filter(|key| !key.is_empty()).map(|key| format!("@{key}")).collect();
        if !keys.is_empty() {
            self.paragraphs.push(&format!(" [{}]", keys.join("; ")), start..self.at);
        }
    }

    fn take_brace(&mut self) -> bool {
        let spaces = self.rest().len() - self.rest().trim_start().len();
        let is_open = self.rest().trim_start().starts_with('{');
        if is_open {
            self.at += spaces + 1;
        }
        is_open
    }

    /// Consumes the brackets that follow, and returns their content; empty if there are none.
    fn arguments(&mut self, open: char, close: char) -> &'a str {
        let rest = self.rest();
        if !rest.starts_with(open) {
            return "";
        }
        let mut depth = 0;
        for (at, c) in rest.char_indices() {
            if c == open {
                depth += 1;
            } else if c == close {
                depth -= 1;
                if depth == 0 {
                    self.at += at + 1;
                    return &rest[1..at];
                }
            } else if rest[at..].starts_with("\n\n") {
                // An argument is within one paragraph: the bracket is text, or is not closed.
                return "";
            }
        }
        ""
    }

    fn skip_to(&mut self, end: &str) {
        let rest = self.rest();
        self.at += rest.find(end).map_or(rest.len(), |at| at + end.len());
    }

    /// Handles `\verb|code|`, with any character as delimiter.
    fn verb(&mut self) {
        let rest = self.rest();
        let Some(end) = rest.chars().next() else { return };
        let inside = &rest[end.len_utf8()..];
        self.at += inside.find(end).map_or(0, |at| at + 2 * end.len_utf8());
    }
}

/// The argument of the command in an optional argument: `key` of `\cite{key}`.
fn braced(text: &str) -> &str {
    let Some((_, inside)) = text.split_once('{') else { return "" };
    inside.split('}').next().unwrap_or_default()
}
