//! An item of a Zotero library.

use crate::corpus::Metadata;

/// An item.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) key: String,
    /// The number of the library in this database.
    pub(super) library: i64,
    /// The number of the group; `None` for the personal library.
    pub(super) group: Option<u64>,
    pub(super) metadata: Metadata,
    pub(super) abstract_text: Option<String>,
    pub(super) citation_key: Option<String>,
    pub(super) collections: Vec<String>,
    pub(super) tags: Vec<String>,
}

/// An attachment, which is also an item.
#[derive(Debug)]
pub(super) struct Attachment {
    pub(super) item: Item,
    /// The item that it belongs to; `None` for a standalone attachment.
    pub(super) parent: Option<i64>,
    pub(super) link_mode: i64,
    pub(super) content_type: Option<String>,
    /// `storage:NAME`, `attachments:PATH` or an absolute path.
    pub(super) path: String,
}
