//! A macro that generates structs, defaults and access by name from one table of settings.

use super::rule::Raw;

/// A group of settings that can be read and set by name.
pub(super) trait Section {
    fn keys(&self) -> &'static [&'static str];

    /// The value of a key; `None` if it is not set or the key is unknown.
    fn get(&self, key: &str) -> Option<toml::Value>;

    /// Sets a key.
    ///
    /// # Errors
    /// A description of the expected value, if the value does not follow the key's rule. The caller handles unknown
    /// keys.
    fn set(&mut self, key: &str, raw: &Raw<'_>) -> Result<(), String>;
}

/// Defines the structs of the settings. For the grammar, see the only use in [`super`].
macro_rules! settings {
    (
        $(#[$about:meta])* pub struct $top:ident { $($settings:tt)* }
        with sections { $($section:ident: $type:ident,)* }
        $($(#[$section_about:meta])* pub struct $name:ident { $($section_settings:tt)* })*
    ) => {
        settings!(@struct $(#[$about])* $top { $($settings)* } { $($section: $type,)* });
        $(settings!(@struct $(#[$section_about])* $name { $($section_settings)* } {});)*

        impl $top {
            /// The names of all sections; the first one, "", is for the keys before any section.
            pub(crate) const SECTIONS: &'static [&'static str] = &["", $(stringify!($section),)*];

            fn section(&self, name: &str) -> Option<&dyn Section> {
                match name {
                    "" => Some(self),
                    $(stringify!($section) => Some(&self.$section),)*
                    _ => None,
                }
            }

            fn section_mut(&mut self, name: &str) -> Option<&mut dyn Section> {
                match name {
                    "" => Some(self),
                    $(stringify!($section) => Some(&mut self.$section),)*
                    _ => None,
                }
            }
        }
    };

    (
        @struct $(#[$about:meta])* $name:ident
        { $($(#[$doc:meta])* $key:ident: $type:ty = $default:expr, $rule:expr;)* }
        { $($section:ident: $section_type:ident,)* }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Serialize)]
        pub struct $name {
            $($(#[$doc])* pub $key: $type,)*
            $(pub $section: $section_type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* $($section: Default::default(),)* }
            }
        }

        impl Section for $name {
            fn keys(&self) -> &'static [&'static str] {
                &[$(stringify!($key),)*]
            }

            fn get(&self, key: &str) -> Option<toml::Value> {
                match key {
                    // An absent value has no TOML form; this is the only case in which the conversion fails.
                    $(stringify!($key) => toml::Value::try_from(&self.$key).ok(),)*
                    _ => None,
                }
            }

            fn set(&mut self, key: &str, raw: &rule::Raw<'_>) -> Result<(), String> {
                match key {
                    $(stringify!($key) => self.$key = $rule.read(raw)?,)*
                    _ => {}
                }
                Ok(())
            }
        }
    };
}

pub(super) use settings;
