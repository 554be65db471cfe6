//! Reads the tables of a Zotero database that describe papers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::database::{Database, id, long_text, text};
use super::error::ZoteroError;
use super::fields;
use super::folder::DATABASE;
use super::item::{Attachment, Item};
use crate::corpus::Mark;

/// The newest known version of the tables with users' data.
const NEWEST_KNOWN: i64 = 129;

/// Maximum depth of collections. Deeper ones only occur in damaged databases.
const MAX_DEPTH: usize = 64;

/// Kinds of attachments (`linkMode`) with a file: imported file, imported web page, linked file.
pub(super) const LINKED_FILE: i64 = 2;
const WITH_FILE: [i64; 3] = [0, 1, LINKED_FILE];

/// Flag of a retracted item for which the user has hidden the warning.
const HIDDEN_RETRACTION: i64 = 1;

/// The items of all libraries that are not in the trash.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Papers and other works, in the order of their ids.
    pub(super) items: BTreeMap<i64, Item>,
    /// Attachments that have a file, in the order in which they were made.
    pub(super) attachments: Vec<Attachment>,
    /// Warnings for the user.
    pub(super) warnings: Vec<String>,
}

impl Tables {
    /// Adds citation keys to the items that have none of their own.
    pub(super) fn add_citation_keys(&mut self, keys: &HashMap<i64, String>) {
        for (id, item) in &mut self.items {
            item.citation_key = item.citation_key.take().or_else(|| keys.get(id).cloned());
        }
    }
}

/// A library of papers.
struct Shelf {
    group: Option<u64>,
    /// The name of the group.
    name: Option<String>,
}

/// Reads the tables.
pub(super) fn read(database: &Database, folder: &Path) -> Result<Tables, ZoteroError> {
    let mut tables = Tables::default();
    tables.warnings.extend(version_warning(database, folder)?);
    let shelves = shelves(database)?;
    let trash: HashSet<i64> = database.rows("SELECT itemID FROM deletedItems", |row| id(row, 0))?.into_iter().collect();
    let mut items = items(database, &shelves, &trash)?;
    add_fields(database, &mut items)?;
    add_creators(database, &mut items)?;
    add_tags(database, &mut items)?;
    add_collections(database, &shelves, &mut items)?;
    add_retractions(database, &mut items)?;
    let attachments = attachments(database)?;
    for (attachment, parent, link_mode, content_type, path) in attachments {
        let Some((_, item)) = items.remove(&attachment) else { continue };
        if parent.is_none_or(|parent| !trash.contains(&parent)) && WITH_FILE.contains(&link_mode) {
            tables.attachments.push(Attachment { item, parent, link_mode, content_type, path });
        }
    }
    // Notes and annotations are the user's own text; attachments without a file are links.
    items.retain(|_, (kind, _)| !matches!(kind.as_str(), "attachment" | "note" | "annotation"));
    tables.items = items.into_iter().map(|(id, (_, item))| (id, item)).collect();
    Ok(tables)
}

fn version_warning(database: &Database, folder: &Path) -> Result<Option<String>, ZoteroError> {
    let sql = "SELECT version FROM version WHERE schema = 'userdata'";
    let newest = database.rows(sql, |row| id(row, 0))?.into_iter().max().filter(|version| *version > NEWEST_KNOWN);
    let warning = |version| {
        format!(
            "{} has version {version} of Zotero's tables, and {NEWEST_KNOWN} is the newest that is known: something in it may be read \
             wrongly",
            folder.join(DATABASE).display()
        )
    };
    Ok(newest.map(warning))
}

/// The personal library and those of groups, by their numbers; not feeds.
fn shelves(database: &Database) -> Result<HashMap<i64, Shelf>, ZoteroError> {
    let sql = "SELECT l.libraryID, l.type, g.groupID, g.name FROM libraries l LEFT JOIN groups g USING (libraryID)";
    let shelf = |row: &rusqlite::Row<'_>| {
        let group = id(row, 2).and_then(|group| u64::try_from(group).ok());
        match (text(row, 1)?.as_str(), group) {
            ("user", _) => Some((id(row, 0)?, Shelf { group: None, name: None })),
            ("group", Some(group)) => {
                let name = text(row, 3).unwrap_or_else(|| format!("group {group}"));
                Some((id(row, 0)?, Shelf { group: Some(group), name: Some(name) }))
            }
            _ => None,
        }
    };
    Ok(database.rows(sql, shelf)?.into_iter().collect())
}

/// Items of all kinds with the names of their types.
type Items = BTreeMap<i64, (String, Item)>;

fn items(database: &Database, shelves: &HashMap<i64, Shelf>, trash: &HashSet<i64>) -> Result<Items, ZoteroError> {
    let sql =
        "SELECT i.itemID, i.libraryID, i.key, t.typeName FROM items i JOIN itemTypesCombined t USING (itemTypeID)";
    let item = |row: &rusqlite::Row<'_>| {
        let (id, library, key, kind) = (id(row, 0)?, id(row, 1)?, text(row, 2)?, text(row, 3)?);
        let shelf = shelves.get(&library).filter(|_| !trash.contains(&id) && is_key(&key))?;
        let collections = shelf.name.iter().cloned().collect();
        let mut item = Item { key, library, group: shelf.group, collections, ..Item::default() };
        fields::set_type(&mut item.metadata, &kind);
        Some((id, (kind, item)))
    };
    Ok(database.rows(sql, item)?.into_iter().collect())
}

/// Whether a text can be a key, which is part of paths and addresses.
fn is_key(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn add_fields(database: &Database, items: &mut Items) -> Result<(), ZoteroError> {
    let sql = "SELECT d.itemID, f.fieldName, v.value FROM itemData d JOIN fieldsCombined f USING (fieldID) \
               JOIN itemDataValues v USING (valueID) ORDER BY d.itemID, d.fieldID";
    database.rows(sql, |row| {
        let (_, item) = items.get_mut(&id(row, 0)?)?;
        fields::set(item, &text(row, 1)?, &long_text(row, 2)?);
        None::<()>
    })?;
    Ok(())
}

fn add_creators(database: &Database, items: &mut Items) -> Result<(), ZoteroError> {
    let sql = "SELECT ic.itemID, c.firstName, c.lastName, t.creatorType FROM itemCreators ic JOIN creators c USING (creatorID) \
               JOIN creatorTypes t USING (creatorTypeID) ORDER BY ic.itemID, ic.orderIndex";
    let mut others: HashMap<i64, Vec<String>> = HashMap::new();
    database.rows(sql, |row| {
        let id = id(row, 0)?;
        let (_, item) = items.get_mut(&id)?;
        let name = [text(row, 1), text(row, 2)].into_iter().flatten().collect::<Vec<_>>().join(" ");
        match text(row, 3)?.as_str() {
            _ if name.is_empty() => {}
            "author" => item.metadata.authors.push(name),
            // An edited volume only has editors, a presentation has a presenter.
            _ => others.entry(id).or_default().push(name),
        }
        None::<()>
    })?;
    for (id, names) in others {
        if let Some((_, item)) = items.get_mut(&id)
            && item.metadata.authors.is_empty()
        {
            item.metadata.authors = names;
        }
    }
    Ok(())
}

fn add_tags(database: &Database, items: &mut Items) -> Result<(), ZoteroError> {
    let sql = "SELECT it.itemID, t.name FROM itemTags it JOIN tags t USING (tagID)";
    database.rows(sql, |row| {
        items.get_mut(&id(row, 0)?)?.1.tags.push(text(row, 1)?);
        None::<()>
    })?;
    for (_, item) in items.values_mut() {
        item.tags.sort();
        item.tags.dedup();
    }
    Ok(())
}

fn add_collections(database: &Database, shelves: &HashMap<i64, Shelf>, items: &mut Items) -> Result<(), ZoteroError> {
    let trash: HashSet<i64> = if database.has_column("deletedCollections", "collectionID")? {
        database.rows("SELECT collectionID FROM deletedCollections", |row| id(row, 0))?.into_iter().collect()
    } else {
        HashSet::new()
    };
    let sql = "SELECT collectionID, parentCollectionID, libraryID, collectionName FROM collections";
    let all = database.rows(sql, |row| Some((id(row, 0)?, (id(row, 1), id(row, 2)?, text(row, 3)?))))?;
    let all: HashMap<i64, (Option<i64>, i64, String)> = all.into_iter().collect();
    let path = |collection: i64| -> Option<String> {
        let mut names = Vec::new();
        let mut next = Some(collection);
        while let Some(at) = next {
            let (parent, library, name) = all.get(&at).filter(|_| !trash.contains(&at) && names.len() < MAX_DEPTH)?;
            names.push(name.as_str());
            next = *parent;
            if next.is_none() {
                names.extend(shelves.get(library)?.name.as_deref());
            }
        }
        names.reverse();
        Some(names.join("/"))
    };
    let paths: HashMap<i64, String> = all.keys().filter_map(|id| Some((*id, path(*id)?))).collect();
    database.rows("SELECT itemID, collectionID FROM collectionItems", |row| {
        items.get_mut(&id(row, 0)?)?.1.collections.push(paths.get(&id(row, 1)?)?.clone());
        None::<()>
    })?;
    for (_, item) in items.values_mut() {
        item.collections.sort();
        item.collections.dedup();
        // The name of the group is the first part of each of its collections' paths.
        if item.collections.len() > 1 && item.group.is_some() {
            let group = shelves.get(&item.library).and_then(|shelf| shelf.name.as_ref());
            item.collections.retain(|path| Some(path) != group);
        }
    }
    Ok(())
}

fn add_retractions(database: &Database, items: &mut Items) -> Result<(), ZoteroError> {
    if !database.has_column("retractedItems", "itemID")? {
        return Ok(());
    }
    let flag = if database.has_column("retractedItems", "flag")? { "flag" } else { "0" };
    database.rows(&format!("SELECT itemID, {flag} FROM retractedItems"), |row| {
        if id(row, 1) != Some(HIDDEN_RETRACTION) {
            items.get_mut(&id(row, 0)?)?.1.metadata.marks.push(Mark::Retracted);
        }
        None::<()>
    })?;
    Ok(())
}

/// The id of an attachment, that of its item, its link mode, its media type and its path.
type AttachmentRow = (i64, Option<i64>, i64, Option<String>, String);

fn attachments(database: &Database) -> Result<Vec<AttachmentRow>, ZoteroError> {
    let sql = "SELECT itemID, parentItemID, linkMode, contentType, path FROM itemAttachments ORDER BY itemID";
    database
        .rows(sql, |row| Some((id(row, 0)?, id(row, 1), id(row, 2)?, text(row, 3), text(row, 4).unwrap_or_default())))
}
