//! The fonts of a document: their styles, and the characters of their codes.

use std::collections::HashMap;
use std::sync::Arc;

use hayro_font::hayro_cmap::BfString;
use hayro_font::{CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn};
use hayro_syntax::object::{Array, Dict, Name, Stream};

use super::bombs::unpacked_size;

/// The style of a font, from its name and descriptor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Style {
    pub bold: bool,
    pub italic: bool,
}

/// The fonts used so far, identified by name. Glyphs refer to them by index.
#[derive(Debug, Clone, Default)]
pub(super) struct Fonts {
    styles: Vec<Style>,
    by_name: HashMap<String, u16>,
}

impl Fonts {
    pub(super) fn style(&self, font: u16) -> Style {
        self.styles.get(usize::from(font)).copied().unwrap_or_default()
    }

    /// Adds a font and returns its index. All subsets of a font have the same name and so the same index.
    fn add(&mut self, name: String, style: Style) -> u16 {
        if let Some(&known) = self.by_name.get(&name) {
            return known;
        }
        let index = u16::try_from(self.styles.len()).unwrap_or(u16::MAX);
        self.styles.push(style);
        self.by_name.insert(name, index);
        index
    }
}

/// A loaded font, with its index in [`Fonts`].
#[derive(Clone)]
pub(super) struct LoadedFont<'a> {
    pub font: Font<'a>,
    pub index: u16,
}

/// Loads each font of a document once.
pub(super) struct FontLoader<'a> {
    cache: FontCache<'a>,
    programs: FontResolverFn,
    character_maps: CMapResolverFn,
    loaded: HashMap<FontKey, Option<LoadedFont<'a>>>,
    pub fonts: Fonts,
}

/// A font dictionary's object number, or for an inline dictionary the address of its bytes in the file.
type FontKey = (Option<u32>, usize);

impl<'a> FontLoader<'a> {
    pub(super) fn new() -> Self {
        Self {
            cache: FontCache::new(),
            programs: Arc::new(|query| match query {
                FontQuery::Standard(font) => Some(font.get_font_data()),
                FontQuery::Fallback(query) => Some(query.pick_standard_font().get_font_data()),
            }),
            character_maps: Arc::new(hayro_font::hayro_cmap::load_embedded),
            loaded: HashMap::new(),
            fonts: Fonts::default(),
        }
    }

    /// Loads the font of a font dictionary; `None` if it is damaged or too large.
    pub(super) fn load(&mut self, dict: &Dict<'a>) -> Option<LoadedFont<'a>> {
        let key = match dict.obj_id() {
            Some(id) => (Some(id.obj_number), 0),
            None => (None, dict.data().as_ptr().addr()),
        };
        if let Some(known) = self.loaded.get(&key) {
            return known.clone();
        }
        let font = if is_bounded(dict) { self.cache.font(dict, &self.programs, &self.character_maps) } else { None };
        let loaded = font.map(|font| LoadedFont { font, index: self.fonts.add(name(dict), style(dict)) });
        self.loaded.insert(key, loaded.clone());
        loaded
    }
}

/// The characters of a code; `None` if the font does not define them.
pub(super) fn characters(font: &Font<'_>, code: u32) -> Option<BfString> {
    match font.glyph(font.map_code(code), code) {
        FontGlyph::Outline(glyph) => glyph.as_unicode(),
        FontGlyph::Type3(glyph) => glyph.as_unicode(),
    }
}

/// Whether the sizes of the font's program and character map are within the limit.
fn is_bounded(dict: &Dict<'_>) -> bool {
    let descendant = dict.get::<Array<'_>>("DescendantFonts").and_then(|fonts| fonts.iter::<Dict<'_>>().next());
    let descriptors =
        [dict.get::<Dict<'_>>("FontDescriptor"), descendant.and_then(|font| font.get::<Dict<'_>>("FontDescriptor"))];
    let programs = descriptors.iter().flatten().flat_map(|descriptor| {
        ["FontFile", "FontFile2", "FontFile3"].into_iter().filter_map(|key| descriptor.get::<Stream<'_>>(key))
    });
    let maps = ["ToUnicode", "Encoding"].into_iter().filter_map(|key| dict.get::<Stream<'_>>(key));
    programs.chain(maps).all(|stream| unpacked_size(&stream).is_some())
}

/// The font's name in lower case, without the tag of a subset.
fn name(dict: &Dict<'_>) -> String {
    let name = dict.get::<Name<'_>>("BaseFont").map(|name| name.as_str().to_lowercase()).unwrap_or_default();
    bare_name(&name).to_owned()
}

/// The name without the tag of a subset: `Times` for `ABCDEF+Times` and `Times+fb`.
fn bare_name(name: &str) -> &str {
    match name.split_once('+') {
        Some((prefix, rest)) if prefix.len() == 6 => rest.split('+').next().unwrap_or(rest),
        Some((bare, _)) if !bare.is_empty() => bare,
        _ => name,
    }
}

fn style(dict: &Dict<'_>) -> Style {
    let name = name(dict);
    let flags = dict.get::<Dict<'_>>("FontDescriptor").and_then(|d| d.get::<u32>("Flags")).unwrap_or(0);
    const ITALIC: u32 = 1 << 6;
    const FORCE_BOLD: u32 = 1 << 18;
    Style { bold: is_bold(&name) || flags & FORCE_BOLD != 0, italic: is_italic(&name) || flags & ITALIC != 0 }
}

fn is_bold(name: &str) -> bool {
    ["bold", "black", "heavy", "demi", "semibd", "-bd", "medi"].iter().any(|mark| name.contains(mark))
        || name.ends_with(".b")
        || name.ends_with("-b")
        || name.ends_with(".bi")
}

fn is_italic(name: &str) -> bool {
    ["italic", "oblique", "slanted", "-it", "kursiv"].iter().any(|mark| name.contains(mark))
        || name.ends_with(".i")
        || name.ends_with("-i")
        || name.ends_with(".bi")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_share_a_name() {
        assert_eq!(
            [bare_name("abcdef+times"), bare_name("advot.i+fb"), bare_name("abcdef+advot.i+20")],
            ["times", "advot.i", "advot.i"]
        );
    }

    #[test]
    fn the_name_tells_the_style() {
        assert!(is_bold("myriadpro-semibold") && is_bold("advot.b") && !is_bold("timesnewromanps"));
        assert!(is_italic("timesnewromanps-italicmt") && is_italic("advot8608a8d1.i") && !is_italic("helvetica"));
    }
}
