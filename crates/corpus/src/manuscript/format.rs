//! The formats of manuscripts.

use std::sync::LazyLock;

use regex::Regex;

use crate::patterns::compile;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ManuscriptFormat {
    Markdown,
    Latex,
    Docx,
    Text,
}

impl ManuscriptFormat {
    pub const ALL: [Self; 4] = [Self::Markdown, Self::Latex, Self::Docx, Self::Text];

    /// The name in flags and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Latex => "latex",
            Self::Docx => "docx",
            Self::Text => "text",
        }
    }

    /// A Word document is a zip archive; other bytes are treated as text.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"PK\x03\x04") { Self::Docx } else { Self::Text }
    }

    /// The format of a text, by the extension of its file, else by its content.
    pub(super) fn from_text(text: &str, name: &str) -> Self {
        static LATEX: LazyLock<Regex> = LazyLock::new(|| {
            compile(
                r"\\(?:documentclass|begin|(?:sub)*section|[a-z]*cite[a-z]*|enquote|emph|textit)\*?(?:\[[^\]]*\])?\{",
            )
        });
        static MARKDOWN: LazyLock<Regex> = LazyLock::new(|| {
            compile(
                r"(?m)^#{1,6}[ \t]+\S|^>|^```|\[[^\[\]\n]*@\w[^\[\]\n]*\]|\[[^\]\n]+\]\([^)\n]+\)|\*\*[^*\n]+\*\*|\A---[ \t]*\n",
            )
        });
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("md" | "markdown" | "mdown" | "qmd" | "rmd") => Self::Markdown,
            Some("tex" | "latex" | "ltx") => Self::Latex,
            Some("txt" | "text") => Self::Text,
            _ if LATEX.is_match(text) => Self::Latex,
            _ if MARKDOWN.is_match(text) => Self::Markdown,
            _ => Self::Text,
        }
    }
}
