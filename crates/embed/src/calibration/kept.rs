//! A model's calibration in a file beside its weights, so that a machine measures it once and not for each index.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::scale::Calibration;
use super::texts::SUBJECTS;

/// In the model's folder. It may be deleted at any time.
const FILE: &str = "calibration.json";

/// Increased when [`Calibration::measure`] or the arithmetic of the model changes.
const VERSION: u32 = 1;

/// The calibration of one model, measured when it is first asked for.
#[derive(Debug)]
pub struct KeptCalibration {
    file: PathBuf,
    model: String,
    question_side: u64,
    precision: String,
    /// Locked while it is measured, so that only one of several threads that ask for it does so.
    known: Mutex<Option<Calibration>>,
}

/// Everything on which the measured values depend.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MeasuredWith {
    version: u32,
    /// The model's fingerprint.
    model: String,
    question_side: String,
    precision: String,
    /// A hash of the texts that are embedded.
    texts: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    measured_with: MeasuredWith,
    calibration: Calibration,
}

impl KeptCalibration {
    /// `precision`: the arithmetic that the model uses on this machine.
    pub(crate) fn new(folder: &Path, model: &str, question_side: u64, precision: &str) -> Self {
        let (model, precision) = (model.to_owned(), precision.to_owned());
        Self { file: folder.join(FILE), model, question_side, precision, known: Mutex::new(None) }
    }

    /// The known calibration, that of the file, or a newly measured one, which is written to the file.
    pub(super) fn get<E>(&self, measure: impl FnOnce() -> Result<Calibration, E>) -> Result<Calibration, E> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = *known {
            return Ok(known);
        }
        let measured_with = self.measured_with();
        let calibration = match self.read(&measured_with) {
            Some(kept) => kept,
            None => {
                let calibration = measure()?;
                // The folder may be read-only. Then each process measures.
                let _ = self.write(&Content { measured_with, calibration });
                calibration
            }
        };
        *known = Some(calibration);
        Ok(calibration)
    }

    fn measured_with(&self) -> MeasuredWith {
        MeasuredWith {
            version: VERSION,
            model: self.model.clone(),
            question_side: format!("{:016x}", self.question_side),
            precision: self.precision.clone(),
            texts: format!("{:016x}", xxh3_64(format!("{SUBJECTS:?}").as_bytes())),
        }
    }

    /// `None` if there is no file, or one that is damaged or of another model: it is measured anew then.
    fn read(&self, measured_with: &MeasuredWith) -> Option<Calibration> {
        let content: Content = serde_json::from_slice(&std::fs::read(&self.file).ok()?).ok()?;
        (content.measured_with == *measured_with).then_some(content.calibration)
    }

    /// Replaces the file as a whole, because another process may read it.
    fn write(&self, content: &Content) -> std::io::Result<()> {
        // Several machines may share the folder, and then process ids are not unique.
        let random = RandomState::new().build_hasher().finish();
        let unfinished = self.file.with_extension(format!("{random:016x}.unfinished"));
        let written = std::fs::write(&unfinished, serde_json::to_vec_pretty(content)?)
            .and_then(|()| std::fs::rename(&unfinished, &self.file));
        if written.is_err() {
            let _ = std::fs::remove_file(&unfinished);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is removed at the end of the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("stroma-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).expect("a folder");
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    const MEASURED: Calibration = Calibration { question_side: 7, ..Calibration::IDENTITY };

    /// Whether the calibration was measured when it was asked for.
    fn is_measured(folder: &Path, model: &str, side: u64) -> bool {
        let kept = KeptCalibration::new(folder, model, side, "auto");
        let mut calls = 0;
        for _ in 0..2 {
            let got = kept.get(|| {
                calls += 1;
                Ok::<_, ()>(MEASURED)
            });
            assert_eq!(got, Ok(MEASURED));
        }
        assert!(calls <= 1, "a process measures once at most");
        calls > 0
    }

    #[test]
    fn a_model_is_measured_once_and_again_if_it_is_another() {
        let folder = Folder::new("calibration");
        assert!(is_measured(&folder.0, "one", 0));
        assert!(!is_measured(&folder.0, "one", 0));
        assert!(is_measured(&folder.0, "one", 7), "other questions");
        assert!(is_measured(&folder.0, "other", 7));
        let names: Vec<_> = std::fs::read_dir(&folder.0).expect("a folder").collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    #[test]
    fn a_damaged_file_is_replaced() {
        let folder = Folder::new("damaged-calibration");
        assert!(is_measured(&folder.0, "one", 0));
        let whole = std::fs::read(folder.0.join(FILE)).expect("the file");
        for damaged in [&whole[..0], &whole[..whole.len() / 2], b"[]"] {
            std::fs::write(folder.0.join(FILE), damaged).expect("written");
            assert!(is_measured(&folder.0, "one", 0));
            assert!(!is_measured(&folder.0, "one", 0));
        }
    }

    #[test]
    fn a_failure_is_not_kept() {
        let folder = Folder::new("failed-calibration");
        let kept = KeptCalibration::new(&folder.0, "one", 0, "auto");
        assert_eq!(kept.get(|| Err("fails")), Err("fails"));
        assert_eq!(kept.get(|| Ok::<_, ()>(MEASURED)), Ok(MEASURED));
    }

    #[test]
    fn without_a_folder_to_write_to_each_process_measures() {
        let folder = std::env::temp_dir().join("stroma-no-such-folder");
        assert!(is_measured(&folder, "one", 0));
        assert!(is_measured(&folder, "one", 0));
    }
}
