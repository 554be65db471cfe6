//! Opens test collections for `stroma eval`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::context::Context;
use crate::embed::Embedder;
use crate::eval::collection::Collection;
use crate::ingest::Progress;
use crate::search::Engine;

/// Opens a collection, with an engine over its index. The index is made unless one is cached from an earlier run. A folder without
/// documents has judgments of passages of the user's own index.
pub(super) fn open(
    context: &Context,
    embedder: &Arc<dyn Embedder>,
    folder: &Path,
    split: &str,
    corpus: Option<&Path>,
) -> anyhow::Result<(Collection, Engine)> {
    if corpus.is_none() && !Collection::has_documents(folder) {
        let index = context.open_store(embedder.as_ref())?;
        let collection = Collection::over_index(folder, split, index)?;
        let engine = collection.engine(Arc::clone(embedder), context.search_options());
        return Ok((collection, engine));
    }
    let bar = context.progress_bar("{bar:24} {pos}/{len} documents  {eta} left");
    let report = &mut |progress: Progress| {
        bar.set_length(progress.files);
        bar.set_position(progress.done);
    };
    let collection = Collection::open(folder, split, corpus, &cache(context), embedder.as_ref(), report)?;
    bar.finish_and_clear();
    let engine = collection.engine(Arc::clone(embedder), context.search_options());
    Ok((collection, engine))
}

/// The folder in which indexes of collections are cached, inside of the index's folder.
fn cache(context: &Context) -> PathBuf {
    context.config().index.join("eval")
}
