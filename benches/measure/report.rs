//! Figures as Markdown, for the terminal and for `docs/`.

use std::fmt::Write;

use super::{Outcome, machine, project};

/// The bound of a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// A section of the report, written from top to bottom.
#[derive(Debug)]
pub(crate) struct Section(String);

impl Section {
    pub(crate) fn new(introduction: &str) -> Self {
        Self(format!("{} {introduction}\n", *machine::DESCRIPTION))
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.line("");
        self.line(text);
    }

    /// Begins a table.
    pub(crate) fn table(&mut self, columns: &[&str]) {
        self.line("");
        self.line(&format!("| {} |", columns.join(" | ")));
        self.line(&format!("|{}", " --- |".repeat(columns.len())));
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    /// Adds a row with a quantity, its figure and its bound: in bold if the bound is exceeded.
    pub(crate) fn bound(&mut self, what: &str, figure: f64, bound: Bound) {
        let (met, limit) = match bound {
            Bound::AtLeast(least) => (figure >= least, least),
            Bound::AtMost(most) => (figure <= most, most),
        };
        let digits = if figure.abs() < 10.0 { 3 } else { 1 };
        let figure = if met { format!("{figure:.digits$}") } else { format!("**{figure:.digits$}**, not met") };
        self.row(&[what.to_owned(), figure, limit.to_string()]);
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn line(&mut self, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}

/// Prints a section and replaces it in a document, between `<!-- NAME -->` and `<!-- /NAME -->`.
pub(crate) fn publish(document: &str, name: &str, section: &str) -> Outcome<()> {
    println!("## {name}\n\n{section}");
    let file = project(document);
    let document = std::fs::read_to_string(&file)?;
    let (opening, closing) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let place = document.split_once(&opening).and_then(|(before, rest)| Some((before, rest.split_once(&closing)?.1)));
    let (before, after) = place.ok_or_else(|| format!("{} has no place for {name}", file.display()))?;
    Ok(std::fs::write(&file, format!("{before}{opening}{section}{closing}{after}"))?)
}

pub(crate) fn median(figures: Vec<f64>) -> f64 {
    quantile(figures, 0.5)
}

/// The quantile of the figures at `share`; 0 if there are none.
pub(crate) fn quantile(mut figures: Vec<f64>, share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let place = (share * figures.len().saturating_sub(1) as f64).round() as usize;
    figures.get(place).copied().unwrap_or(0.0)
}
