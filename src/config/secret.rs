//! Secrets in the settings. They are not shown, because the output may be pasted into a log or an issue.

use std::sync::LazyLock;

use regex::Regex;

/// Whether the value of a key is a secret as a whole.
pub(super) fn is_secret(key: &str) -> bool {
    key.ends_with("_key") || matches!(key, "password" | "token")
}

/// Replaces names and passwords of users in URLs.
pub(super) fn without_credentials(text: &str) -> String {
    static USER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"://[^/\s"']*@"#).expect("a constant pattern"));
    USER.replace_all(text, "://…@").into_owned()
}
