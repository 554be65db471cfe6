//! Reads PDFs with a GROBID server (Lopez, 2009), which converts them to TEI.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::corpus::{Article, Format, Limits, read_bytes};

/// A GROBID server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grobid {
    /// Its address without a trailing slash: `http://localhost:8070`. No TLS, because GROBID does not support it.
    pub url: String,
    /// Maximum time for one paper.
    pub timeout: Duration,
}

impl Grobid {
    /// Sends a PDF to the server and returns its answer.
    ///
    /// # Errors
    /// A message: the server cannot be reached, takes too long, or rejects the file.
    pub(super) fn process(&self, pdf: &[u8], limits: &Limits) -> Result<Vec<u8>, String> {
        self.post(pdf, limits).map_err(|error| error.to_string())
    }

    fn post(&self, pdf: &[u8], limits: &Limits) -> Result<Vec<u8>, ureq::Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(self.timeout)).build().into();
        let (content_type, body) = form(pdf);
        let mut answer = agent
            .post(format!("{}/api/processFulltextDocument", self.url))
            .header("Content-Type", content_type)
            .header("Accept", "application/xml")
            .send(&body[..])?;
        answer.body_mut().with_config().limit(limits.max_unpacked_bytes).read_to_vec()
    }
}

/// The article in a server's answer.
///
/// # Errors
/// A message that says why the answer cannot be read.
pub(super) fn article_of_tei(tei: &[u8], limits: &Limits) -> Result<Article, String> {
    let mut article = read_bytes(tei, "grobid.xml", limits).map_err(|error| error.to_string())?;
    if article.format != Format::Tei {
        return Err("its answer is not TEI".into());
    }
    article.format = Format::Pdf;
    // These positions refer to the answer, which is not stored.
    article.blocks.iter_mut().for_each(|block| block.source = None);
    article.dropped.iter_mut().for_each(|dropped| dropped.source = None);
    Ok(article)
}

/// The PDF as the field `input` of a form (RFC 7578), and the form's type.
fn form(pdf: &[u8]) -> (String, Vec<u8>) {
    // The boundary must not occur in the body. The hash of the body only occurs in it if a file was constructed for that.
    let boundary = format!("stroma-{:016x}", xxhash_rust::xxh3::xxh3_64(pdf));
    let field = "Content-Disposition: form-data; name=\"input\"; filename=\"paper.pdf\"";
    let head = format!("--{boundary}\r\n{field}\r\nContent-Type: application/pdf\r\n\r\n");
    let body = [head.as_bytes(), pdf, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
    (format!("multipart/form-data; boundary={boundary}"), body)
}
