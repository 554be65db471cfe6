//! Reads papers of any format and prints each as a line of JSON: the whole article, or `{"error": …}`.
//!
//!     cargo run --release -p stroma-corpus --example json -- paper.html

use std::path::Path;

use stroma_corpus::{Article, Limits, ReadError, read_bytes};

fn main() -> serde_json::Result<()> {
    for file in std::env::args_os().skip(1) {
        let line = match read(Path::new(&file)) {
            Ok(article) => serde_json::to_string(&article)?,
            Err(error) => serde_json::json!({ "error": error.to_string() }).to_string(),
        };
        println!("{line}");
    }
    Ok(())
}

fn read(path: &Path) -> Result<Article, ReadError> {
    // The name gives page numbers to files such as `review-p125.txt`.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    read_bytes(&std::fs::read(path)?, &name, &Limits::default())
}
