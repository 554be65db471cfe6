//! The folders of an installed program, used if the current folder is not a project, that is, has no `config.toml`.

use std::path::PathBuf;

use super::{Config, Model, Server};

/// The folders of the user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFolders {
    /// The user's settings file, which need not exist.
    pub config: PathBuf,
    /// The parent folder of the index and the uploads.
    pub data: PathBuf,
    /// Folders that may hold models, in the order in which they are searched.
    pub models: Vec<PathBuf>,
}

impl UserFolders {
    /// The default settings. There are no papers until the user names some.
    pub(super) fn defaults(&self) -> Config {
        let config = Config::default();
        let name = config.model.folder.file_name().map(|name| name.to_string_lossy().into_owned());
        Config {
            index: self.data.join("index"),
            papers: Vec::new(),
            model: Model { folder: self.model(&name.unwrap_or_default()), ..config.model },
            server: Server { uploads: self.data.join("uploads"), ..config.server },
            ..config
        }
    }

    /// The folder of a model by its name: the first one that exists, else the one in which it would be created.
    pub fn model(&self, name: &str) -> PathBuf {
        let folders = || self.models.iter().map(|models| models.join(name));
        folders().find(|folder| folder.is_dir()).or_else(|| folders().next()).unwrap_or_else(|| name.into())
    }
}
