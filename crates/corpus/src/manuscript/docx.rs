//! Reads Word documents (.docx): a zip archive in which `word/document.xml` contains the text (ECMA-376,
//! WordprocessingML).
//!
//! Text that a tracked change deletes is left out. The fields of Zotero and Mendeley contain the data of the cited
//! works as JSON; they become citations that replace the displayed text.

use std::io::{Cursor, Read};

use roxmltree::Node;
use serde_json::Value;
use zip::ZipArchive;
use zip::result::ZipError;

use super::paragraph::{Paragraph, Paragraphs};
use crate::decode;
use crate::xml::Repaired;
use crate::{Limits, ReadError};

const FORMAT: &str = "Word document";

/// The parts of the archive that contain text. A document without notes has only the first.
const PARTS: [&str; 3] = ["word/document.xml", "word/footnotes.xml", "word/endnotes.xml"];

/// The text of the paragraphs, one per line, and the paragraphs themselves with their positions in it.
///
/// # Errors
/// [`ReadError::Malformed`] for a damaged archive or XML, and for an archive that is not a Word document;
/// [`ReadError::TooLarge`] for a part that is larger when unpacked than `limits` allow.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<(String, Vec<Paragraph>), ReadError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| malformed(&error))?;
    let mut reader = Reader::default();
    for part in PARTS {
        if let Some(xml) = unpacked(&mut archive, part, limits)? {
            let repaired = Repaired::new(&xml, FORMAT)?;
            reader.read(repaired.parse()?.root_element());
        } else if part == PARTS[0] {
            let reason = format!("the archive has no {part}");
            return Err(ReadError::Malformed { format: FORMAT, reason });
        }
    }
    Ok((reader.source, reader.paragraphs.finish()))
}

fn unpacked(archive: &mut ZipArchive<Cursor<&[u8]>>, part: &str, limits: &Limits) -> Result<Option<String>, ReadError> {
    let file = match archive.by_name(part) {
        Ok(file) => file,
        Err(ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(malformed(&error)),
    };
    let mut bytes = Vec::new();
    // The size that the archive declares may be wrong. One byte more than the limit shows that a part is too large.
    let read = file.take(limits.max_unpacked_bytes.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| malformed(&error))?;
    decode::check_size(bytes.len(), limits.max_unpacked_bytes)?;
    Ok(Some(decode::decode(&bytes).text))
}

fn malformed(error: &dyn std::error::Error) -> ReadError {
    ReadError::Malformed { format: FORMAT, reason: error.to_string() }
}

#[derive(Debug, Default)]
struct Reader {
    /// The text of the paragraphs so far.
    source: String,
    paragraphs: Paragraphs,
    /// The open fields, innermost last.
    fields: Vec<Field>,
}

#[derive(Debug, Default)]
struct Field {
    instruction: String,
    /// Whether its instruction has ended, so that the text is the displayed result.
    is_result: bool,
    /// Whether it became a citation, which replaces the displayed result.
    is_citation: bool,
}

impl Reader {
    /// Reads an element and its descendants. The depth of elements is limited.
    fn read(&mut self, node: Node) {
        match node.tag_name().name() {
            "p" => self.paragraph(node),
            "t" => self.text(node.text().unwrap_or_default()),
            "tab" | "br" | "cr" => self.text(" "),
            "noBreakHyphen" => self.text("-"),
            "fldChar" => self.field(node),
            "instrText" => {
                if let Some(field) = self.fields.last_mut() {
                    field.instruction.push_str(node.text().unwrap_or_default());
                }
            }
            // Text that was deleted or moved away, properties, and fallbacks for readers that do not support the
            // alternative.
            "del" | "moveFrom" | "pPr" | "rPr" | "sectPr" | "Fallback" => {}
            _ => node.children().for_each(|child| self.read(child)),
        }
    }

    fn paragraph(&mut self, node: Node) {
        let style = node
            .descendants()
            .find(|child| child.tag_name().name() == "pStyle")
            .and_then(|style| style.attributes().find(|attribute| attribute.name() == "val"))
            .map(|attribute| attribute.value().to_lowercase())
            .unwrap_or_default();
        // The ids of the style in localised versions of Word: Quote and IntenseQuote, Zitat, Citation, Cita, Citaat,
        // Citat.
        let is_quotation = ["quot", "zitat", "cita"].iter().any(|name| style.contains(name));
        // A text box is inside the paragraph to which it is anchored.
        let interrupted = self.paragraphs.interrupt();
        self.paragraphs.end(is_quotation);
        node.children().for_each(|child| self.read(child));
        self.paragraphs.resume(interrupted);
        self.source.push('\n');
    }

    fn text(&mut self, text: &str) {
        match self.fields.last() {
            Some(field) if !field.is_result || field.is_citation => {}
            _ => self.push(text),
        }
    }

    fn push(&mut self, text: &str) {
        let start = self.source.len();
        // Each paragraph is one line of the text.
        self.source.push_str(&text.replace('\n', " "));
        self.paragraphs.push(text, start..self.source.len());
    }

    fn field(&mut self, node: Node) {
        let kind = node.attributes().find(|attribute| attribute.name() == "fldCharType").map(|one| one.value());
        match kind {
            Some("begin") => self.fields.push(Field::default()),
            Some("separate") => {
                let Some(field) = self.fields.last_mut() else { return };
                field.is_result = true;
                let keys = cited(&field.instruction);
                field.is_citation = !keys.is_empty();
                if field.is_citation {
                    self.push(&format!("[@{}]", keys.join("; @")));
                }
            }
            Some("end") => {
                self.fields.pop();
            }
            _ => {}
        }
    }
}

/// The works that the field of a reference manager cites: DOIs, else the first author's family name with the year.
fn cited(instruction: &str) -> Vec<String> {
    let is_citation = instruction.contains("CSL_CITATION") || instruction.contains("ZOTERO_ITEM");
    let Some(start) = instruction.find('{').filter(|_| is_citation) else { return Vec::new() };
    let Ok(citation) = serde_json::from_str::<Value>(&instruction[start..]) else { return Vec::new() };
    let items = citation["citationItems"].as_array().into_iter().flatten();
    items.filter_map(|item| key(&item["itemData"])).collect()
}

fn key(work: &Value) -> Option<String> {
    if let Some(doi) = work["DOI"].as_str().and_then(crate::doi::parse_doi) {
        return Some(format!("doi:{doi}"));
    }
    let family = work["author"][0]["family"].as_str()?;
    let year = &work["issued"]["date-parts"][0][0];
    let year = year.as_str().map_or_else(|| year.to_string(), str::to_owned);
    let family: String = family.chars().filter(|c| c.is_alphanumeric()).collect();
    (!family.is_empty()).then(|| format!("{family}{year}"))
}
