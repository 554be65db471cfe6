//! Opens a file and reads its pages to glyphs. Damaged and hostile files are errors or cost bounded work.

use hayro_syntax::object::{Array, Dict, Stream};
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::ReadError;

use super::bombs;
use super::declared::{self, Declared};
use super::fonts::{FontLoader, Fonts};
use super::interpret::{Budget, interpret_page};
use super::page::Page;

/// Maximum number of pages. Further pages are not read.
pub(super) const MAX_PAGES: usize = 2_000;

/// The pages of a file and their fonts.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub pages: Vec<Page>,
    pub fonts: Fonts,
    /// What the file says of itself.
    pub declared: Declared,
    pub warnings: Vec<String>,
}

/// Reads all pages.
///
/// # Errors
/// [`ReadError::Encrypted`] if a password is needed; [`ReadError::Malformed`] if the file is no PDF, cannot be repaired, or
/// has a stream whose unpacked size is over the limit.
pub(super) fn open(bytes: &[u8]) -> Result<Document, ReadError> {
    bombs::check_file(bytes)?;
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => ReadError::Encrypted,
        LoadPdfError::Decryption(error) => malformed(&format!("its encryption is not supported ({error:?})")),
        LoadPdfError::Invalid => malformed("no page can be found in it"),
    })?;
    let mut loader = FontLoader::new();
    let mut budget = Budget::default();
    let mut document = Document { declared: declared::read(&pdf), ..Document::default() };
    for (index, source) in pdf.pages().iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        if index >= MAX_PAGES {
            document.warnings.push(format!("only the first {MAX_PAGES} pages were read"));
            break;
        }
        if !content_is_bounded(source.raw()) {
            return Err(malformed(&format!("page {number} unpacks to more than {} MB", bombs::MAX_CONTENT >> 20)));
        }
        document.pages.push(interpret_page(source, number, &mut loader, &mut budget));
        if budget.is_spent() {
            document.warnings.push(format!("page {number} draws more than any paper does; reading stopped there"));
            break;
        }
    }
    document.fonts = loader.fonts;
    Ok(document)
}

fn malformed(reason: &str) -> ReadError {
    ReadError::Malformed { format: "PDF", reason: reason.to_owned() }
}

/// Whether the unpacked size of all content streams of a page together is within the limit.
fn content_is_bounded(page: &Dict<'_>) -> bool {
    if let Some(stream) = page.get::<Stream<'_>>("Contents") {
        return bombs::unpacked_size(&stream).is_some();
    }
    let mut total = 0;
    for stream in page.get::<Array<'_>>("Contents").iter().flat_map(|array| array.iter::<Stream<'_>>()) {
        match bombs::unpacked_size(&stream) {
            Some(size) => total += size,
            None => return false,
        }
        if total > bombs::MAX_CONTENT {
            return false;
        }
    }
    true
}
