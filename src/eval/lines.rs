//! Reads a file line by line, with line numbers for errors.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::DataError;

/// Maximum length of a line. A longer one is refused instead of read into memory. The longest documents of public collections
/// have a few MB.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// Reads a file line by line, skipping blank lines and a byte order mark.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: R,
    file: PathBuf,
    number: usize,
}

impl Lines<BufReader<File>> {
    pub(super) fn open(file: &Path) -> Result<Self, DataError> {
        let opened = File::open(file).map_err(|source| DataError::Unreadable { file: file.to_owned(), source })?;
        Ok(Self::new(BufReader::new(opened), file))
    }
}

impl<R: BufRead> Lines<R> {
    /// Reads lines from `source`. Errors name the file `file`.
    pub(super) fn new(source: R, file: &Path) -> Self {
        Self { source, file: file.to_owned(), number: 0 }
    }

    /// The next line that is not blank, without white space at its end.
    pub(super) fn next_line(&mut self) -> Option<Result<String, DataError>> {
        loop {
            let mut bytes = Vec::new();
            self.number += 1;
            match (&mut self.source).take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(read) if read as u64 == MAX_LINE_BYTES => return Some(Err(self.malformed("the line is too long"))),
                Ok(_) => {}
                Err(source) => return Some(Err(DataError::Unreadable { file: self.file.clone(), source })),
            }
            let Ok(line) = std::str::from_utf8(&bytes) else {
                return Some(Err(self.malformed("the line is not UTF-8")));
            };
            let line = line.trim_start_matches('\u{feff}').trim_end();
            if !line.is_empty() {
                return Some(Ok(line.to_owned()));
            }
        }
    }

    /// Calls `read` with each line. An error of `read` is reported with the file and the line.
    pub(super) fn for_each(&mut self, mut read: impl FnMut(&str) -> Result<(), String>) -> Result<(), DataError> {
        while let Some(line) = self.next_line() {
            read(&line?).map_err(|problem| self.malformed(problem))?;
        }
        Ok(())
    }

    /// An error about the file as a whole.
    pub(super) fn invalid(&self, problem: String) -> DataError {
        DataError::Wrong { file: self.file.clone(), problem }
    }

    /// An error about the line that was read last.
    pub(super) fn malformed(&self, problem: impl Into<String>) -> DataError {
        DataError::Malformed { file: self.file.clone(), line: self.number, problem: problem.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_blank_lines_and_names_the_bad_one() {
        let mut lines = Lines::new("\u{feff}one\r\n\n \ntwo".as_bytes(), Path::new("f"));
        let mut seen = Vec::new();
        let result = lines.for_each(|line| {
            seen.push(line.to_owned());
            if line == "two" { Err("bad".into()) } else { Ok(()) }
        });
        assert_eq!(seen, ["one", "two"]);
        assert_eq!(result.map_err(|error| error.to_string()), Err("f:4: bad".into()));
        let mut lines = Lines::new(&b"\xff"[..], Path::new("f"));
        assert!(matches!(lines.next_line(), Some(Err(DataError::Malformed { line: 1, .. }))));
    }
}
