//! Where the figures go: a table on the screen, JSON beside it, and, asked for, the pages that show them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::chart;
use crate::figures::Figures;
use crate::peers::Kind;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Between these the page of figures holds the tables.
const MARKS: [&str; 2] = ["<!-- figures: written by script/benchmark -->", "<!-- end of figures -->"];

/// All that was measured, and what could not be.
pub(crate) struct Report {
    pub live: Option<Figures>,
    pub others: Vec<Figures>,
    pub absent: Vec<String>,
    /// Whether this was a try.
    pub quick: bool,
}

impl Report {
    fn markdown(&self) -> String {
        let tables: Vec<String> = self.live.iter().chain(&self.others).map(Figures::markdown).collect();
        let mut text = format!("{}\n\n{}", machine(), tables.join("\n"));
        if !self.absent.is_empty() {
            text += &format!(
                "\nNot measured:\n\n{}\n",
                self.absent.iter().map(|one| format!("- {one}\n")).collect::<String>()
            );
        }
        if self.quick {
            text += "\nThis was a try with --quick: the figures show that the benchmark works, and nothing else.\n";
        }
        text
    }

    fn json(&self) -> Value {
        let tables: Vec<Value> = self.live.iter().chain(&self.others).map(Figures::json).collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"), "machine": machine(), "quick": self.quick,
            "tables": tables, "absent": self.absent,
        })
    }

    fn chart(&self) -> Option<String> {
        let live = self.live.as_ref()?;
        let columns: Vec<&str> = [Kind::Tincan, Kind::Bun, Kind::Uws, Kind::Node]
            .map(Kind::name)
            .into_iter()
            .filter(|name| live.columns().contains(name))
            .collect();
        Some(chart::draw(live, &columns))
    }

    /// Prints the tables, writes all into `folder`, and into the documentation where that is asked for.
    pub(crate) fn write(&self, folder: &Path, publish: bool) {
        let (text, chart) = (self.markdown(), self.chart());
        println!("\n{text}");
        fs::create_dir_all(folder).expect("a folder");
        let json = serde_json::to_string_pretty(&self.json()).expect("JSON");
        let mut files = vec![("figures.md", text.clone()), ("figures.json", json + "\n")];
        files.extend(chart.clone().map(|chart| ("chart.svg", chart)));
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("a file");
        }
        println!("Written to {}", folder.display());
        if publish && !self.quick {
            self.publish(&text, chart);
        }
    }

    fn publish(&self, text: &str, chart: Option<String>) {
        let page = Path::new(ROOT).join("docs/performance.md");
        let before = fs::read_to_string(&page).expect("the page of figures");
        let (above, rest) = before.split_once(MARKS[0]).expect("a mark where the figures begin");
        let (_, below) = rest.split_once(MARKS[1]).expect("a mark where they end");
        fs::write(&page, format!("{above}{}\n{text}\n{}{below}", MARKS[0], MARKS[1])).expect("the page is written");
        if let Some(chart) = chart {
            fs::write(Path::new(ROOT).join("docs/images/benchmark.svg"), chart).expect("the chart is written");
        }
        println!("Published in docs/performance.md and docs/images/benchmark.svg");
    }
}

/// Where the figures go that are not published: beside what is built.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("benchmark")
}

/// What it was measured on.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let output = |program: &str, argument: &str| {
        let told = Command::new(program).arg(argument).output().map(|told| told.stdout).unwrap_or_default();
        String::from_utf8_lossy(&told).trim().to_owned()
    };
    let (day, kernel) = (output("date", "+%Y-%m-%d"), output("uname", "-sr"));
    format!(
        "Tincan {} on {day}, {kernel}, {cores} cores ({model}),\nclients and servers on the same machine.",
        env!("CARGO_PKG_VERSION")
    )
}
