//! Interprets content streams: follows the text and graphics state to find the position of each glyph, and collects rules and
//! images. It does not render.
//!
//! Work is bounded by [`Budget`], by depth and by the number of rules: what is beyond is ignored.

use hayro_font::hayro_cmap::BfString;
use hayro_font::kurbo::{Affine, Point};
use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::{self, TypedInstruction as Operator};
use hayro_syntax::object::{Array, Dict, Name, Number, Object, Stream};
use hayro_syntax::page::{Page as SourcePage, Resources};

use super::bombs::unpacked_size;
use super::characters::push_characters;
use super::fonts::{FontLoader, characters};
use super::graphics_state::{State, TextMatrices};
use super::marked_text::MarkedText;
use super::page::{Glyph, Page, Rect};
use super::paths::{Path, bounds, thin};
use super::visibility::Visibility;

/// Maximum depth of nested form XObjects.
const MAX_DEPTH: u32 = 24;
/// Maximum depth of states saved with `q`.
const MAX_STATES: usize = 512;
/// Maximum number of rules of a page. Vector drawings have many more, which are of no use for reading.
const MAX_RULES: usize = 4_000;

/// The remaining number of operators and glyphs of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub operators: u64,
    pub glyphs: u64,
}

impl Default for Budget {
    /// Most papers need some hundred thousand operators; papers with large vector drawings need millions.
    fn default() -> Self {
        Self { operators: 30_000_000, glyphs: 4_000_000 }
    }
}

impl Budget {
    pub(super) fn is_spent(&self) -> bool {
        self.operators == 0 || self.glyphs == 0
    }

    fn spend_operators(&mut self, count: u64) {
        self.operators = self.operators.saturating_sub(count);
    }
}

/// Interprets a page. All pages of a document share `budget`.
pub(super) fn interpret_page<'a>(
    source: &SourcePage<'a>,
    number: u32,
    loader: &mut FontLoader<'a>,
    budget: &mut Budget,
) -> Page {
    let (width, height) = source.render_dimensions();
    let page = Page { number, height, ..Page::default() };
    let to_top_left = Affine::new(source.initial_transform(true).as_coeffs());
    let shown = Rect { x0: -1.0, y0: -1.0, x1: width + 1.0, y1: height + 9.0 };
    let state = State { transform: to_top_left, ..State::new(shown) };
    let mut interpreter = Interpreter {
        page,
        loader,
        budget,
        state,
        saved: Vec::new(),
        path: Path::default(),
        marked: MarkedText::default(),
        visibility: Visibility::default(),
    };
    interpreter.run(source.typed_operations(), source.resources(), 0);
    let without_ink = interpreter.visibility.without_ink;
    let mut page = interpreter.page;
    // The text that OCR adds to a scanned page is drawn invisibly.
    if without_ink > page.glyphs.len() {
        page.glyphs.append(&mut page.hidden);
    }
    page
}

struct Interpreter<'i, 'a> {
    page: Page,
    loader: &'i mut FontLoader<'a>,
    budget: &'i mut Budget,
    state: State<'a>,
    saved: Vec<State<'a>>,
    path: Path,
    marked: MarkedText,
    visibility: Visibility,
}

impl<'a> Interpreter<'_, 'a> {
    fn run(&mut self, mut operators: TypedIter<'_>, resources: &Resources<'a>, depth: u32) {
        let outer_states = self.saved.len();
        let outer_state = self.state.clone();
        let mut text = TextMatrices { text: Affine::IDENTITY, line: Affine::IDENTITY };
        while let Some(operator) = operators.next() {
            if self.budget.is_spent() {
                break;
            }
            self.budget.spend_operators(1);
            match operator {
                Operator::SaveState(_) if self.saved.len() < MAX_STATES => self.saved.push(self.state.clone()),
                Operator::RestoreState(_) if self.saved.len() > outer_states => {
                    self.state = self.saved.pop().unwrap_or_else(|| outer_state.clone());
                }
                Operator::Transform(m) => {
                    self.state.transform *= matrix([m.0, m.1, m.2, m.3, m.4, m.5]);
                }
                Operator::XObject(x) => self.draw_object(x.0, resources, depth),
                Operator::InlineImage(_) => self.add_image(),
                Operator::BeginMarkedContent(_) => self.marked.begin(None, &self.page.glyphs),
                Operator::BeginMarkedContentWithProperties(content) => {
                    let properties = match content.1 {
                        Object::Dict(dict) => Some(dict.clone()),
                        Object::Name(name) => resources.properties.get::<Dict<'_>>(name),
                        _ => None,
                    };
                    self.marked.begin(properties.as_ref(), &self.page.glyphs);
                }
                Operator::EndMarkedContent(_) => self.marked.end(&mut self.page.glyphs),
                operator => {
                    if !self.path_operator(&operator) && !self.text_state_operator(&operator, resources) {
                        self.text_operator(&operator, &mut text);
                    }
                }
            }
        }
        self.saved.truncate(outer_states);
        self.state = outer_state;
    }

    /// Sets a parameter of the text state. Returns false for other operators.
    fn text_state_operator(&mut self, operator: &Operator<'_, '_>, resources: &Resources<'a>) -> bool {
        let state = &mut self.state;
        if state.ink.change(operator) {
            return true;
        }
        match operator {
            Operator::CharacterSpacing(n) => state.character_space = n.0.as_f64(),
            Operator::WordSpacing(n) => state.word_space = n.0.as_f64(),
            Operator::HorizontalScaling(n) => state.horizontal_scale = n.0.as_f64() / 100.0,
            Operator::TextLeading(n) => state.leading = n.0.as_f64(),
            Operator::TextRise(n) => state.rise = n.0.as_f64(),
            Operator::TextFont(font) => {
                state.font = resources.get_font(font.0).and_then(|dict| self.loader.load(&dict));
                state.font_size = font.1.as_f64();
            }
            Operator::SetGraphicsState(name) => {
                let Some(font) = resources.get_ext_g_state(name.0).and_then(|dict| dict.get::<Array<'a>>("Font"))
                else {
                    return true;
                };
                let mut items = font.iter::<Object<'a>>();
                if let (Some(Object::Dict(dict)), Some(Object::Number(size))) = (items.next(), items.next()) {
                    state.font = self.loader.load(&dict);
                    state.font_size = size.as_f64();
                }
            }
            _ => return false,
        }
        true
    }

    fn text_operator(&mut self, operator: &Operator<'_, '_>, text: &mut TextMatrices) {
        match operator {
            Operator::BeginText(_) => text.set(Affine::IDENTITY),
            Operator::SetTextMatrix(m) => text.set(matrix([m.0, m.1, m.2, m.3, m.4, m.5])),
            Operator::NextLine(d) => text.next_line(d.0.as_f64(), d.1.as_f64()),
            Operator::NextLineAndSetLeading(d) => {
                self.state.leading = -d.1.as_f64();
                text.next_line(d.0.as_f64(), d.1.as_f64());
            }
            Operator::NextLineUsingLeading(_) => text.next_line(0.0, -self.state.leading),
            Operator::ShowText(shown) => self.show(shown.0.as_bytes(), text),
            Operator::NextLineAndShowText(shown) => {
                text.next_line(0.0, -self.state.leading);
                self.show(shown.0.as_bytes(), text);
            }
            Operator::ShowTextWithParameters(shown) => {
                self.state.word_space = shown.0.as_f64();
                self.state.character_space = shown.1.as_f64();
                text.next_line(0.0, -self.state.leading);
                self.show(shown.2.as_bytes(), text);
            }
            Operator::ShowTexts(shown) => {
                for item in shown.0.iter::<Object<'_>>() {
                    match item {
                        Object::String(string) => self.show(string.as_bytes(), text),
                        Object::Number(adjustment) => {
                            let by = -adjustment.as_f64() / 1000.0 * self.state.font_size * self.state.horizontal_scale;
                            text.text *= Affine::translate((by, 0.0));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn show(&mut self, bytes: &[u8], text: &mut TextMatrices) {
        let Some(loaded) = self.state.font.clone() else { return };
        let font = &loaded.font;
        let mut offset = 0;
        while offset < bytes.len() && self.budget.glyphs > 0 {
            self.budget.glyphs -= 1;
            let (code, length) = font.read_code(bytes, offset);
            offset += length.max(1);
            let advance = font.code_advance(code) / 1000.0 * self.state.font_size;
            let space =
                self.state.character_space + if code == 32 && length == 1 { self.state.word_space } else { 0.0 };
            let step = if font.is_horizontal() {
                Affine::translate(((advance.x + space) * self.state.horizontal_scale, 0.0))
            } else {
                Affine::translate((0.0, advance.y + space))
            };
            let width =
                if font.is_horizontal() { advance.x * self.state.horizontal_scale } else { self.state.font_size };
            if let Some(characters) = characters(font, code) {
                self.add_glyph(&characters, loaded.index, width, text.text);
            }
            text.text *= step;
        }
    }

    fn add_glyph(&mut self, characters: &BfString, font: u16, width: f64, text: Affine) {
        let placed = self.state.transform * text * Affine::translate((0.0, self.state.rise));
        let [a, b, c, d, x, y] = placed.as_coeffs();
        let size = (c * c + d * d).sqrt() * self.state.font_size.abs();
        let rotated = b.abs() > 0.2 * a.abs() || a < 0.0;
        let run = (a * a + b * b).sqrt() * width;
        if !(x.is_finite() && y.is_finite() && size.is_finite() && run.is_finite()) {
            return;
        }
        let glyph = Glyph {
            character: ' ',
            x0: x.min(x + run) as f32,
            x1: x.max(x + run) as f32,
            y: y as f32,
            size: size as f32,
            font,
            rotated,
        };
        let shown = self.state.clip.contains((glyph.x0 + glyph.x1) / 2.0, glyph.y - 0.3 * glyph.size);
        let visible = shown && self.visibility.shows(&glyph, &self.state.ink);
        let target = if visible { &mut self.page.glyphs } else { &mut self.page.hidden };
        match characters {
            BfString::Char(character) => push_characters(target, glyph, &[*character]),
            BfString::String(string) => push_characters(target, glyph, &string.chars().collect::<Vec<_>>()),
        }
    }

    /// Builds or paints a path. Returns false for other operators. Curves only move the current point.
    fn path_operator(&mut self, operator: &Operator<'_, '_>) -> bool {
        let at = |x: Number, y: Number| self.state.transform * Point::new(x.as_f64(), y.as_f64());
        match operator {
            Operator::MoveTo(p) => {
                self.path.current = at(p.0, p.1);
                self.path.start = self.path.current;
            }
            Operator::LineTo(p) => {
                let to = at(p.0, p.1);
                self.path.line_to(to);
            }
            Operator::CubicTo(p) => {
                let to = at(p.4, p.5);
                self.path.curve_to(to);
            }
            Operator::CubicStartTo(ops::CubicStartTo(_, _, x, y))
            | Operator::CubicEndTo(ops::CubicEndTo(_, _, x, y)) => {
                let to = at(*x, *y);
                self.path.curve_to(to);
            }
            Operator::ClipNonZero(_) | Operator::ClipEvenOdd(_) => self.path.clips = true,
            Operator::ClosePath(_) => {
                let start = self.path.start;
                self.path.line_to(start);
            }
            Operator::RectPath(r) => {
                let (x, y, w, h) = (r.0.as_f64(), r.1.as_f64(), r.2.as_f64(), r.3.as_f64());
                let corner = |x, y| self.state.transform * Point::new(x, y);
                let corners = [corner(x, y), corner(x + w, y), corner(x + w, y + h), corner(x, y + h)];
                if let Some(rule) = thin(&corners) {
                    self.add_rule(rule);
                    self.path.reach(rule);
                } else {
                    self.path.current = corners[0];
                    self.path.start = corners[0];
                    for to in [corners[1], corners[2], corners[3], corners[0]] {
                        self.path.line_to(to);
                    }
                }
            }
            Operator::StrokePath(_)
            | Operator::CloseAndStrokePath(_)
            | Operator::FillAndStrokeNonZero(_)
            | Operator::FillAndStrokeEvenOdd(_)
            | Operator::CloseFillAndStrokeNonZero(_)
            | Operator::CloseFillAndStrokeEvenOdd(_) => {
                for (from, to) in std::mem::take(&mut self.path.segments) {
                    if let Some(rule) = thin(&[from, to]) {
                        self.add_rule(rule);
                    }
                }
                self.end_path(false);
            }
            Operator::FillPathNonZero(_) | Operator::FillPathNonZeroCompatibility(_) | Operator::FillPathEvenOdd(_) => {
                self.end_path(true);
            }
            Operator::EndPath(_) => self.end_path(false),
            _ => return false,
        }
        true
    }

    fn end_path(&mut self, filled: bool) {
        let path = std::mem::take(&mut self.path);
        let Some(extent) = path.extent else { return };
        if filled {
            self.visibility.fill(extent, &self.state.ink);
        }
        if path.clips {
            self.state.clip = self.state.clip.intersection(&extent);
        }
    }

    fn add_rule(&mut self, rule: Rect) {
        if self.page.rules.len() < MAX_RULES {
            self.page.rules.push(rule);
        }
    }

    fn draw_object(&mut self, name: &Name<'_>, resources: &Resources<'a>, depth: u32) {
        let Some(stream) = resources.get_x_object(name) else { return };
        match stream.dict().get::<Name<'_>>("Subtype").as_deref() {
            Some(b"Image") => self.add_image(),
            Some(b"Form") if depth < MAX_DEPTH => self.draw_form(&stream, resources, depth),
            _ => {}
        }
    }

    fn draw_form(&mut self, form: &Stream<'a>, parent: &Resources<'a>, depth: u32) {
        // Counted here, because forms that draw each other take time without drawing anything.
        self.budget.spend_operators(200);
        if unpacked_size(form).is_none() {
            return;
        }
        let Ok(content) = form.decoded() else { return };
        self.budget.spend_operators(content.len() as u64 / 64);
        let own = form.dict().get::<Dict<'_>>("Resources").map(Resources::new);
        let placement = form.dict().get::<[f64; 6]>("Matrix").map_or(Affine::IDENTITY, Affine::new);
        let outer = self.state.clone();
        self.state.transform *= placement;
        if let Some([x0, y0, x1, y1]) = form.dict().get::<[f64; 4]>("BBox") {
            let corner = |x, y| self.state.transform * Point::new(x, y);
            let shown = bounds(&[corner(x0, y0), corner(x1, y0), corner(x1, y1), corner(x0, y1)]);
            self.state.clip = self.state.clip.intersection(&shown);
        }
        self.run(TypedIter::new(&content), own.as_ref().unwrap_or(parent), depth + 1);
        self.state = outer;
    }

    /// Adds an image, which fills the unit square of the current coordinate system.
    fn add_image(&mut self) {
        let corner = |x, y| self.state.transform * Point::new(x, y);
        let rect = bounds(&[corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)]);
        if self.page.images.len() < MAX_RULES {
            self.page.images.push(rect);
        }
    }
}

fn matrix(numbers: [Number; 6]) -> Affine {
    Affine::new(numbers.map(|number| number.as_f64()))
}
