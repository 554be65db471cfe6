//! Finds Zotero's folder from its settings, or else at its default location.

use std::path::{Path, PathBuf};

use super::folder::is_library;

/// Folders below which Zotero keeps its settings and data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    /// The user's home.
    pub home: PathBuf,
    /// The folder for settings of programs on Windows.
    pub app_data: Option<PathBuf>,
}

/// The settings of a Zotero installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The folder of the data; `None` for the default one.
    pub data: Option<PathBuf>,
    /// The folder to which the paths of linked files are relative.
    pub linked_base: Option<PathBuf>,
}

/// Maximum size of a file of settings in bytes.
const MAX_SETTINGS: u64 = 16 << 20;

/// Home folders of Zotero in packages with a home of their own (Snap, Flatpak), relative to the user's home.
const PACKAGED: [&str; 2] = ["snap/zotero-snap/common", ".var/app/org.zotero.Zotero"];

impl Home {
    /// The profiles of all installations.
    pub fn profiles(&self) -> Vec<Profile> {
        let entries = self.profile_folders().into_iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path().join("prefs.js"))).collect();
        files.sort();
        files.iter().filter_map(|file| read_bounded(file)).map(|text| Profile::parse(&text)).collect()
    }

    /// The folders that may hold a Zotero library, those of profiles first.
    pub fn candidates(&self, profiles: &[Profile]) -> Vec<PathBuf> {
        let set = profiles.iter().filter_map(|profile| profile.data.clone());
        let default = self.homes().into_iter().map(|home| home.join("Zotero"));
        let mut candidates = Vec::new();
        for folder in set.chain(default) {
            if !candidates.contains(&folder) {
                candidates.push(folder);
            }
        }
        candidates
    }

    /// The folder of the Zotero library; `None` if there is none in the usual places.
    pub fn find(&self, profiles: &[Profile]) -> Option<PathBuf> {
        self.candidates(profiles).into_iter().find(|folder| is_library(folder))
    }

    fn homes(&self) -> Vec<PathBuf> {
        std::iter::once(self.home.clone()).chain(PACKAGED.iter().map(|inside| self.home.join(inside))).collect()
    }

    /// The folders that contain the profiles, on Linux, macOS and Windows.
    fn profile_folders(&self) -> Vec<PathBuf> {
        let linux = self.homes().into_iter().map(|home| home.join(".zotero/zotero"));
        let macos = self.home.join("Library/Application Support/Zotero/Profiles");
        let windows = self.app_data.iter().map(|folder| folder.join("Zotero/Zotero/Profiles"));
        linux.chain([macos]).chain(windows).collect()
    }
}

impl Profile {
    /// Reads the text of a `prefs.js`, which has lines such as `user_pref("extensions.zotero.dataDir", "/home/ada/Zotero");`.
    fn parse(text: &str) -> Self {
        let value = |name: &str| {
            let start = format!("user_pref(\"extensions.zotero.{name}\",");
            let rest = text.lines().find_map(|line| line.trim().strip_prefix(start.as_str()))?;
            serde_json::from_str::<serde_json::Value>(rest.trim().strip_suffix(");")?.trim()).ok()
        };
        let path = |name: &str| {
            let value = value(name)?;
            value.as_str().map(PathBuf::from).filter(|path| path.is_absolute())
        };
        let is_data_set = value("useDataDir").is_none_or(|value| value != false);
        Self { data: path("dataDir").filter(|_| is_data_set), linked_base: path("baseAttachmentPath") }
    }
}

/// The base folder of linked files of the library in `folder`: that of the profile with this library, or else the only one that
/// is set.
pub(super) fn linked_base(profiles: &[Profile], folder: &Path) -> Option<PathBuf> {
    let is_own = |profile: &&Profile| {
        profile.data.as_ref().is_some_and(|data| data == folder || data.canonicalize().is_ok_and(|data| data == folder))
    };
    if let Some(own) = profiles.iter().find(is_own) {
        return own.linked_base.clone();
    }
    let mut bases =
        profiles.iter().filter(|profile| profile.data.is_none()).filter_map(|profile| profile.linked_base.clone());
    bases.next().filter(|_| bases.next().is_none())
}

fn read_bounded(file: &Path) -> Option<String> {
    let metadata = std::fs::metadata(file).ok()?;
    let is_small = metadata.is_file() && metadata.len() <= MAX_SETTINGS;
    is_small.then(|| std::fs::read(file).ok()).flatten().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_name_the_folders() {
        let text = "// Mozilla User Preferences\r\nuser_pref(\"extensions.zotero.dataDir\", \"/data/Zot\\\"ero\");\r\n\
                    user_pref(\"extensions.zotero.baseAttachmentPath\", \"/data/pdf\");\n\
                    user_pref(\"extensions.zotero.useDataDir\", true);\n";
        let profile = Profile { data: Some("/data/Zot\"ero".into()), linked_base: Some("/data/pdf".into()) };
        assert_eq!(Profile::parse(text), profile);
        assert_eq!(linked_base(std::slice::from_ref(&profile), Path::new("/data/Zot\"ero")), Some("/data/pdf".into()));
        assert_eq!(linked_base(&[profile], Path::new("/other")), None);
        assert_eq!(Profile::parse(&text.replace("true", "false")).data, None);
        assert_eq!(Profile::parse("user_pref(\"extensions.zotero.dataDir\", \"cut"), Profile::default());
    }

    #[test]
    fn a_library_is_found_where_zotero_keeps_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home { home: folder.path().to_owned(), app_data: None };
        let make = |path: &str| {
            let library = folder.path().join(path);
            std::fs::create_dir_all(&library).expect("a folder");
            std::fs::write(library.join(super::super::folder::DATABASE), "").expect("written");
            library
        };
        assert_eq!(home.find(&home.profiles()), None);
        let snap = make("snap/zotero-snap/common/Zotero");
        assert_eq!(home.find(&home.profiles()), Some(snap));
        let default = make("Zotero");
        assert_eq!(home.find(&home.profiles()), Some(default));
        let own = make("disk/library");
        let profile = folder.path().join(".zotero/zotero/abc.default");
        std::fs::create_dir_all(&profile).expect("a folder");
        let line = format!("user_pref(\"extensions.zotero.dataDir\", {:?});", own.to_string_lossy());
        std::fs::write(profile.join("prefs.js"), line).expect("written");
        assert_eq!(home.find(&home.profiles()), Some(own));
    }
}
