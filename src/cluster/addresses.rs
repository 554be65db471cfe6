//! The addresses of documents in a view: small numbers for the ids that the cluster uses.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::store::PassageAddress;

/// What kind of document an address means: its `segment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Passage = 0,
    Paper = 1,
}

/// The documents that a view has returned so far.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    passages: RwLock<Ids>,
    papers: RwLock<Ids>,
}

#[derive(Debug, Default)]
struct Ids {
    ids: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Addresses {
    /// The address of a document.
    pub(super) fn address(&self, kind: Kind, id: &str) -> PassageAddress {
        let ids = self.of(kind);
        let segment = kind as u32;
        if let Some(doc) = ids.read().unwrap_or_else(PoisonError::into_inner).numbers.get(id) {
            return PassageAddress { segment, doc: *doc };
        }
        let mut ids = ids.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(doc) = ids.numbers.get(id) {
            return PassageAddress { segment, doc: *doc };
        }
        let (id, doc) = (Arc::<str>::from(id), ids.ids.len() as u32);
        ids.ids.push(Arc::clone(&id));
        ids.numbers.insert(id, doc);
        PassageAddress { segment, doc }
    }

    /// The id of a document of this view.
    ///
    /// # Panics
    /// If the address is that of another view.
    pub(super) fn id(&self, address: PassageAddress) -> Arc<str> {
        let ids = self.of(self.kind(address)).read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&ids.ids[address.doc as usize])
    }

    /// The id of the paper of a document.
    pub(super) fn paper(&self, address: PassageAddress) -> String {
        let id = self.id(address);
        match self.kind(address) {
            Kind::Paper => id.to_string(),
            // As `PassageId` is made.
            Kind::Passage => id.rsplit_once(':').map_or(&*id, |(paper, _)| paper).to_owned(),
        }
    }

    pub(super) fn kind(&self, address: PassageAddress) -> Kind {
        if address.segment == Kind::Paper as u32 { Kind::Paper } else { Kind::Passage }
    }

    fn of(&self, kind: Kind) -> &RwLock<Ids> {
        match kind {
            Kind::Passage => &self.passages,
            Kind::Paper => &self.papers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_one_address() {
        let addresses = Addresses::default();
        let passage = addresses.address(Kind::Passage, "doi:10.1/a:7");
        let paper = addresses.address(Kind::Paper, "doi:10.1/a");
        assert_eq!(addresses.address(Kind::Passage, "doi:10.1/a:7"), passage);
        assert_ne!(passage, paper);
        assert_eq!(&*addresses.id(passage), "doi:10.1/a:7");
        assert_eq!([passage, paper].map(|address| addresses.paper(address)), ["doi:10.1/a", "doi:10.1/a"]);
    }
}
