//! Opens a copy of a Zotero database, with limits that make a hostile database harmless.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use tempfile::TempDir;

use super::error::ZoteroError;

/// Maximum size of a database in MB.
const MAX_MEGABYTES: u64 = 16 << 10;

/// Attempts at a copy during which the files do not change, and the pause between two.
const ATTEMPTS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(100);

/// Files that were modified more recently may change again without a new modification time.
const SETTLED: Duration = Duration::from_millis(50);

/// Maximum number of SQLite instructions for all queries of a database, in units of [`STEP`]. A library of a million items needs a
/// tenth of it; a database whose tables are endless queries stops here.
const MAX_STEPS: u64 = 5_000_000;
const STEP: i32 = 1_000;

/// Maximum length in bytes of a value and of an SQL statement, including those of the schema.
const MAX_VALUE: i32 = 64 << 20;
const MAX_SQL: i32 = 1 << 20;

/// A copy of a database in a temporary folder, which is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    /// The file that was copied, for messages.
    file: PathBuf,
    _folder: TempDir,
}

impl Database {
    /// Copies a database with its journal or its write-ahead log, and opens the copy. SQLite then recovers the copy: it applies
    /// committed transactions and rolls back others.
    pub(super) fn copied_from(file: &Path) -> Result<Self, ZoteroError> {
        let folder = tempfile::tempdir().map_err(|source| ZoteroError::Io { path: std::env::temp_dir(), source })?;
        let copy = folder.path().join("copy.sqlite");
        for attempt in 1.. {
            let before = state(file)?;
            let is_settled =
                before.iter().flatten().all(|stat| stat.modified.elapsed().is_ok_and(|age| age >= SETTLED));
            if is_settled {
                copy_all(file, &copy, &before)?;
                if state(file)? == before {
                    break;
                }
            }
            if attempt == ATTEMPTS {
                return Err(ZoteroError::Changing { file: file.to_owned() });
            }
            std::thread::sleep(PAUSE);
        }
        let opened = open(&copy).map_err(|source| ZoteroError::Database { file: file.to_owned(), source })?;
        Ok(Self { connection: opened, file: file.to_owned(), _folder: folder })
    }

    /// Calls `each` with every row of a query, and leaves out rows for which it returns `None`.
    pub(super) fn rows<T>(&self, sql: &str, each: impl FnMut(&Row<'_>) -> Option<T>) -> Result<Vec<T>, ZoteroError> {
        self.query(sql, each).map_err(|source| ZoteroError::Database { file: self.file.clone(), source })
    }

    fn query<T>(&self, sql: &str, mut each: impl FnMut(&Row<'_>) -> Option<T>) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.extend(each(row));
        }
        Ok(found)
    }

    /// Whether the database has a table with this column: some came with later versions of Zotero.
    pub(super) fn has_column(&self, table: &str, column: &str) -> Result<bool, ZoteroError> {
        let sql = format!("SELECT name FROM pragma_table_info('{table}') WHERE name = '{column}'");
        Ok(!self.rows(&sql, |row| text(row, 0))?.is_empty())
    }
}

/// Size and modification time of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stat {
    size: u64,
    modified: SystemTime,
}

/// The names of the files of a database: itself, its write-ahead log and its journal.
const SUFFIXES: [&str; 3] = ["", "-wal", "-journal"];

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The state of each file of a database; `None` for files that do not exist.
fn state(file: &Path) -> Result<[Option<Stat>; 3], ZoteroError> {
    let mut stats = [None; 3];
    for (stat, suffix) in stats.iter_mut().zip(SUFFIXES) {
        let path = with_suffix(file, suffix);
        let io = |source| ZoteroError::Io { path: path.clone(), source };
        let metadata = match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !suffix.is_empty() => continue,
            other => other.map_err(io)?,
        };
        if !metadata.is_file() {
            return Err(io(std::io::Error::other("it is no file")));
        }
        let megabytes = metadata.len() >> 20;
        if megabytes > MAX_MEGABYTES {
            return Err(ZoteroError::TooLarge { file: path, megabytes, limit: MAX_MEGABYTES });
        }
        *stat = Some(Stat { size: metadata.len(), modified: metadata.modified().map_err(io)? });
    }
    Ok(stats)
}

fn copy_all(file: &Path, copy: &Path, state: &[Option<Stat>; 3]) -> Result<(), ZoteroError> {
    for (suffix, stat) in SUFFIXES.iter().zip(state) {
        let (from, to) = (with_suffix(file, suffix), with_suffix(copy, suffix));
        let copied = match stat {
            Some(_) => std::fs::copy(&from, &to).map(drop),
            None => Ok(()),
        };
        match copied {
            // It was just deleted, which the comparison of the states will show.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            other => other.map_err(|source| ZoteroError::Io { path: from, source })?,
        }
        if stat.is_none() {
            // Left by an earlier attempt.
            drop(std::fs::remove_file(&to));
        }
    }
    Ok(())
}

fn open(copy: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    for (config, is_on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
    ] {
        connection.set_db_config(config, is_on)?;
    }
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, MAX_SQL),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    let mut steps = 0_u64;
    connection.progress_handler(
        STEP,
        Some(move || {
            steps += 1;
            steps > MAX_STEPS
        }),
    );
    // Check each page when it is read.
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    Ok(connection)
}

/// The citation keys of the plugin Better BibTeX by item; none if it has no database or the database cannot be read.
pub(super) fn better_bibtex(folder: &Path) -> Option<HashMap<i64, String>> {
    let file = folder.join("better-bibtex.sqlite");
    if !file.is_file() {
        return None;
    }
    let keys = Database::copied_from(&file).and_then(|database| {
        database.rows("SELECT itemID, citationKey FROM citationkey", |row| Some((id(row, 0)?, text(row, 1)?)))
    });
    keys.inspect_err(|error| tracing::debug!(%error, "no citation keys")).ok().map(|keys| keys.into_iter().collect())
}

/// An integer of a row; `None` for other types.
pub(super) fn id(row: &Row<'_>, column: usize) -> Option<i64> {
    match row.get_ref(column).ok()? {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    }
}

/// Maximum number of characters of a name or a title, and of an abstract; the rest is cut.
pub(super) const MAX_NAME: usize = 2_000;
const MAX_TEXT: usize = 100_000;

/// A name or number of a row, trimmed; `None` if it is empty.
pub(super) fn text(row: &Row<'_>, column: usize) -> Option<String> {
    bounded(row, column, MAX_NAME)
}

/// A text of a row that may be as long as an abstract.
pub(super) fn long_text(row: &Row<'_>, column: usize) -> Option<String> {
    bounded(row, column, MAX_TEXT)
}

fn bounded(row: &Row<'_>, column: usize, characters: usize) -> Option<String> {
    let text = match row.get_ref(column).ok()? {
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).trim().to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Null | ValueRef::Blob(_) => return None,
    };
    let text = cut(text, characters);
    (!text.is_empty()).then_some(text)
}

/// The first characters of a text.
pub(super) fn cut(mut text: String, characters: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(characters) {
        text.truncate(end);
    }
    text
}
