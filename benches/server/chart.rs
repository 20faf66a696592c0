//! The chart of the README: for each row the servers side by side, drawn as an SVG that suits light and dark pages.

use std::fmt::Write;

use crate::figures::{Figures, short};

/// What is drawn: the beginning of a row's name, and what the chart calls it.
const ROWS: [(&str, &str); 6] = [
    ("fan-out at full speed, room of 100", "a delivery to a room of 100, at full speed (µs of CPU)"),
    ("fan-out at full speed, room of 1,000", "a delivery to a room of 1,000, at full speed (µs of CPU)"),
    ("5,000 deliveries a second, room of 1,000: a", "a delivery at 5,000 a second, room of 1,000 (µs of CPU)"),
    ("signals between 100 pairs, 500", "a signal of a call, 500 exchanges a second (µs of CPU)"),
    ("connect and authenticate", "connect and authenticate (µs of CPU)"),
    ("10,000 idle", "an idle socket, of 10,000 (kB)"),
];
const COLOURS: [&str; 4] = ["#0f766e", "#b45309", "#6d28d9", "#57534e"];
const WIDTH: f64 = 760.0;
const LEFT: f64 = 120.0;
const BAR: f64 = 14.0;

/// Draws the columns with these names; rows that were not measured are left out.
pub(crate) fn draw(figures: &Figures, columns: &[&str]) -> String {
    let (mut body, mut y) = (String::new(), 8.0);
    for (row, title) in ROWS {
        let cells = columns.iter().zip(COLOURS.iter().cycle());
        let cells = cells.filter_map(|(name, colour)| Some((name, colour, figures.cell(row, name)?.median)));
        let cells: Vec<_> = cells.collect();
        let Some(most) = cells.iter().map(|(.., value)| *value).reduce(f64::max) else { continue };
        y += 20.0;
        write!(body, "<text class=\"title\" x=\"0\" y=\"{y}\">{title}</text>").expect("a string takes all");
        y += 8.0;
        for (name, colour, value) in cells {
            let length = (value / most).max(0.0) * (WIDTH - LEFT - 70.0);
            let (middle, end) = (y + BAR - 3.0, LEFT + length + 6.0);
            write!(
                body,
                "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{name}</text>\
                 <rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\" rx=\"2\"/>\
                 <text x=\"{end:.1}\" y=\"{middle}\">{}</text>",
                LEFT - 8.0,
                short(value)
            )
            .expect("a string takes all");
            y += BAR + 4.0;
        }
        y += 8.0;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" role=\"img\" \
         aria-label=\"What each server costs, side by side; shorter is better\">\n\
         <style>text{{font:13px system-ui,sans-serif;fill:#1c1917}}.title{{font-weight:600}}\
         @media(prefers-color-scheme:dark){{text{{fill:#e7e5e4}}}}</style>\n{body}\n</svg>\n"
    )
}
