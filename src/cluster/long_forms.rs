//! What a view keeps of its lookups: long forms of abbreviations, and lists of papers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::term_cache::HeapSize;
use crate::store::{PaperKey, PaperSet, PassageAddress};

/// The long forms of a short form, with the papers that define them.
#[derive(Debug, Clone, Default)]
pub(super) struct LongForms(Arc<BTreeMap<String, PaperSet>>);

impl HeapSize for LongForms {
    fn heap_bytes(&self) -> u64 {
        let form = |(long, papers): (&String, &PaperSet)| long.capacity() + papers.len() * size_of::<PaperKey>();
        self.0.iter().map(form).sum::<usize>() as u64
    }
}

/// Papers that a lookup found.
pub(super) type PaperList = Arc<[PassageAddress]>;

impl LongForms {
    /// The papers of each long form.
    pub(super) fn by_spelling(&self) -> BTreeMap<String, PaperSet> {
        (*self.0).clone()
    }
}

impl From<BTreeMap<String, Vec<PaperKey>>> for LongForms {
    fn from(keys: BTreeMap<String, Vec<PaperKey>>) -> Self {
        Self(Arc::new(keys.into_iter().map(|(long, keys)| (long, PaperSet::from_iter(keys))).collect()))
    }
}
