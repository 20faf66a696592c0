//! What was measured: tables whose cells hold a value from each round, and what they come to.

use serde_json::{Value, json};

/// A table.
pub(crate) struct Figures {
    /// Above it.
    pub title: &'static str,
    columns: Vec<&'static str>,
    ratios: Vec<Ratio>,
    rows: Vec<Row>,
}

/// A column that compares two others: of several `to` the best one.
pub(crate) struct Ratio {
    pub name: &'static str,
    pub of: &'static str,
    pub to: Vec<&'static str>,
}

struct Row {
    name: String,
    unit: &'static str,
    cells: Vec<(&'static str, Vec<f64>)>,
}

/// What the values of a cell come to.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub median: f64,
    least: f64,
    most: f64,
}

impl Figures {
    /// An empty one.
    pub(crate) fn new(title: &'static str, columns: Vec<&'static str>, ratios: Vec<Ratio>) -> Self {
        Self { title, columns, ratios, rows: Vec::new() }
    }

    /// A column that there is not, because what it is of cannot be had.
    pub(crate) fn leave_out(&mut self, column: &str) {
        self.columns.retain(|one| *one != column);
        for ratio in &mut self.ratios {
            ratio.to.retain(|one| *one != column);
        }
        self.ratios.retain(|ratio| !ratio.to.is_empty() && ratio.of != column);
    }

    /// Notes what one round measured.
    pub(crate) fn note(&mut self, row: &str, unit: &'static str, column: &'static str, value: f64) {
        let at = self.rows.iter().position(|one| one.name == row).unwrap_or_else(|| {
            self.rows.push(Row { name: row.to_owned(), unit, cells: Vec::new() });
            self.rows.len() - 1
        });
        let cells = &mut self.rows[at].cells;
        match cells.iter_mut().find(|(one, _)| *one == column) {
            Some((_, values)) => values.push(value),
            None => cells.push((column, vec![value])),
        }
    }

    /// The cell of a row whose name begins so.
    pub(crate) fn cell(&self, row: &str, column: &str) -> Option<Cell> {
        self.rows.iter().find(|one| one.name.starts_with(row))?.cell(column)
    }

    /// The names of the columns that are there.
    pub(crate) fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// As a table in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let heads = self.columns.iter().chain(self.ratios.iter().map(|ratio| &ratio.name));
        let heads: Vec<&str> = heads.copied().collect();
        let mut text = format!("| {} | {} |\n|---|{}\n", self.title, heads.join(" | "), "---|".repeat(heads.len()));
        for row in &self.rows {
            let cells = self.columns.iter().map(|column| row.cell(column).map_or("–".to_owned(), Cell::shown));
            let ratios = self.ratios.iter().map(|ratio| row.ratio(ratio).map_or(String::new(), short));
            let cells: Vec<String> = cells.chain(ratios).collect();
            text += &format!("| {}, {} | {} |\n", row.name, row.unit, cells.join(" | "));
        }
        text
    }

    /// Everything, for programs.
    pub(crate) fn json(&self) -> Value {
        let row = |row: &Row| {
            let cell = |(column, values): &(&str, Vec<f64>)| {
                let median = row.cell(column).map(|cell| cell.median);
                ((*column).to_owned(), json!({"median": median, "rounds": values}))
            };
            let ratio = |ratio: &Ratio| Some((ratio.name.to_owned(), json!(row.ratio(ratio)?)));
            let cells: serde_json::Map<String, Value> = row.cells.iter().map(cell).collect();
            let ratios: serde_json::Map<String, Value> = self.ratios.iter().filter_map(ratio).collect();
            json!({"name": row.name, "unit": row.unit, "measured": cells, "ratios": ratios})
        };
        json!({"title": self.title, "columns": self.columns, "rows": self.rows.iter().map(row).collect::<Vec<_>>()})
    }
}

impl Row {
    fn cell(&self, column: &str) -> Option<Cell> {
        let (_, values) = self.cells.iter().find(|(one, _)| *one == column)?;
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        Some(Cell { median: sorted[sorted.len() / 2], least: sorted[0], most: sorted[sorted.len() - 1] })
    }

    /// Whether more is better.
    fn is_rate(&self) -> bool {
        self.unit == "a second"
    }

    fn ratio(&self, ratio: &Ratio) -> Option<f64> {
        if self.unit == "×" {
            return None;
        }
        let best = if self.is_rate() { f64::max } else { f64::min };
        let to = ratio.to.iter().filter_map(|column| self.cell(column)).map(|cell| cell.median).reduce(best)?;
        Some(self.cell(ratio.of)?.median / to)
    }
}

impl Cell {
    /// The median, and from where to where the values lie where there are several.
    fn shown(self) -> String {
        let (median, least, most) = (short(self.median), short(self.least), short(self.most));
        if least == most { median } else { format!("{median} ({least}–{most})") }
    }
}

/// A whole number in groups of three.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok());
    groups.collect::<Vec<_>>().join(",")
}

/// A number with as many digits as mean something.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        size => format!("{}{}", if value < 0.0 { "-" } else { "" }, grouped(size.round() as usize)),
    }
}
