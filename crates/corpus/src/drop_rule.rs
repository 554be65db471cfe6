//! The rules by which readers leave out parts of a source.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Declares [`DropRule`] with the name of each rule beside it.
macro_rules! drop_rules {
    ($($(#[doc = $doc:literal])* $rule:ident = $name:literal,)+) => {
        /// The rule by which a part of a source was left out.
        ///
        /// Its name is printed by `stroma inspect --json` and does not change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum DropRule {
            $($(#[doc = $doc])* $rule,)+
        }

        impl DropRule {
            /// All rules.
            pub const ALL: &[Self] = &[$(Self::$rule),+];

            /// The stable name, in kebab case: `running-header`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => $name,)+
                }
            }
        }
    };
}

drop_rules! {
    // Parts of a paper that are not its text.
    /// Affiliations, dates and identifiers around the title.
    FrontMatter = "front-matter",
    /// Text after the reference list of a PDF.
    BackMatter = "back-matter",
    /// Funding, conflicts of interest, acknowledgements, contributions of authors.
    Administration = "administration",
    /// The text of the reference list, which is read to `Article::references`.
    ReferenceList = "reference-list",
    /// The text of a list of abbreviations, which is read to `Article::abbreviations`.
    AbbreviationList = "abbreviation-list",
    /// The abstract in another language.
    TranslatedAbstract = "translated-abstract",
    /// Data, videos and files that come with a paper.
    SupplementaryMaterial = "supplementary-material",
    /// Reviews and replies that are printed with a paper.
    SubArticle = "sub-article",
    /// An element that the reader does not know, at the top level of the file.
    UnknownPart = "unknown-part",

    // Tables, figures, formulas, code.
    /// The cells of a table: rows on lines, cells separated by tabs.
    Table = "table",
    TableFootnote = "table-footnote",
    /// Labels in a figure of a PDF.
    FigureText = "figure-text",
    Graphic = "graphic",
    /// The description of a figure for readers who cannot see it.
    AlternativeText = "alternative-text",
    /// The alternative text or title of an image in HTML or Markdown.
    Image = "image",
    Formula = "formula",
    Preformatted = "preformatted",
    Code = "code",
    /// HTML in Markdown.
    Html = "html",

    // Numbers, labels, headings.
    HeadingNumber = "heading-number",
    ListLabel = "list-label",
    Label = "label",
    /// A heading that no block keeps: the title of the back matter, one that is nested too deep, or the end of one that is too
    /// long.
    Heading = "heading",
    /// A heading without text below it.
    EmptySection = "empty-section",
    /// The number of a citation of which only the position is kept.
    CitationMarker = "citation-marker",
    FootnoteMarker = "footnote-marker",
    Footnote = "footnote",
    TextOutsideParagraph = "text-outside-paragraph",

    // Text around the body of a page.
    RunningHeader = "running-header",
    RunningFooter = "running-footer",
    PageNumber = "page-number",
    LineNumber = "line-number",
    /// Vertical text.
    RotatedText = "rotated-text",
    /// Text that is drawn but not visible.
    HiddenText = "hidden-text",
    /// A few words without a sentence, such as a cell of a table in a dump of pages.
    Fragment = "fragment",

    // Text that viewers and publishers add to a page.
    /// Base64, long hexadecimal numbers, embedded data.
    ViewerToken = "viewer-token",
    /// A button of the viewer.
    ViewerControl = "viewer-control",
    /// The viewer's name for the document.
    DocumentCode = "document-code",
    DownloadNotice = "download-notice",
    DoiLine = "doi-line",
    UrlLine = "url-line",
    Copyright = "copyright",
    LicenceNotice = "licence-notice",

    // Content of a web site around an article.
    Navigation = "navigation",
    Aside = "aside",
    PageHeader = "page-header",
    PageFooter = "page-footer",
    /// Banners, buttons for sharing, advertisements, lists of related articles.
    PageFurniture = "page-furniture",
    Form = "form",
    /// Elements without text of their own: drawings, videos, replacements of scripts.
    Embedded = "embedded",
    /// Elements that the page does not show.
    Hidden = "hidden",
    /// Text outside of the element that holds the article.
    OutsideArticle = "outside-article",
}

impl fmt::Display for DropRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl From<DropRule> for &'static str {
    fn from(rule: DropRule) -> &'static str {
        rule.name()
    }
}

/// The error for a name that is not the name of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no rule is called `{0}`")]
pub struct UnknownDropRule(String);

impl TryFrom<String> for DropRule {
    type Error = UnknownDropRule;

    fn try_from(name: String) -> Result<Self, UnknownDropRule> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name).ok_or(UnknownDropRule(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_found_by_its_name() {
        for &rule in DropRule::ALL {
            assert_eq!(DropRule::try_from(rule.name().to_owned()), Ok(rule));
        }
        assert!(DropRule::try_from("Table".to_owned()).is_err());
    }
}
