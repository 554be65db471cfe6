//! Opens test collections for `stroma eval`.

use std::path::Path;
use std::sync::Arc;

use super::context::Context;
use super::printable::printable;
use super::store::StoreOptions;
use super::style;
use crate::cluster::{ClusterOptions, ClusterStore};
use crate::embed::Embedder;
use crate::eval::collection::{Collection, Unknown};
use crate::eval::{DocumentId, QueryId};
use crate::index::PassageIndex;
use crate::ingest::Progress;
use crate::search::Engine;
use crate::store::{IndexError, Store};

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
        warn_of_unknown(&collection)?;
        let engine = collection.engine(Arc::clone(embedder), context.search_options());
        return Ok((collection, engine));
    }
    let bar = context.progress_bar("{bar:24} {pos}/{len} documents  {eta} left");
    let report = &mut |progress: Progress| {
        bar.set_length(progress.files);
        bar.set_position(progress.done);
    };
    let options = context.store_options()?;
    let open_store = |name: &str| open_store(context, &options, name, embedder.as_ref());
    let collection = Collection::open(folder, split, corpus, &open_store, embedder.as_ref(), report)?;
    bar.finish_and_clear();
    warn_of_unknown(&collection)?;
    let engine = collection.engine(Arc::clone(embedder), context.search_options());
    Ok((collection, engine))
}

/// Names what is judged but does not exist.
fn warn_of_unknown(collection: &Collection) -> anyhow::Result<()> {
    const SHOWN: usize = 3;
    let Unknown { queries, documents } = collection.unknown()?;
    let queries: Vec<&str> = queries.iter().map(QueryId::as_str).collect();
    let documents: Vec<&str> = documents.iter().map(DocumentId::as_str).collect();
    for (what, ids) in [("questions", queries), ("relevant documents", documents)] {
        if ids.is_empty() {
            continue;
        }
        let more = if ids.len() > SHOWN { ", …" } else { "" };
        let named = ids.iter().copied().take(SHOWN).collect::<Vec<_>>().join(", ");
        let (warning, reset) = (style::WARNING, style::RESET);
        anstream::eprintln!(
            "{warning}unknown:{reset} {} {what} of the judgments do not exist and count as not found: {}{more}",
            ids.len(),
            printable(&named)
        );
    }
    Ok(())
}

/// Opens the store of a collection: a folder inside of the index's folder, or an index beside that of the papers.
fn open_store(
    context: &Context,
    options: &StoreOptions,
    name: &str,
    embedder: &dyn Embedder,
) -> Result<Arc<dyn Store>, IndexError> {
    Ok(match options {
        StoreOptions::Embedded => {
            Arc::new(PassageIndex::open_or_create(&context.config().index.join("eval").join(name), embedder)?)
        }
        StoreOptions::Cluster(options) => {
            let index = format!("{}-eval-{}", options.index, name.to_lowercase());
            let options = ClusterOptions { index, ..options.as_ref().clone() };
            Arc::new(ClusterStore::open_or_create(&options, embedder)?)
        }
    })
}
