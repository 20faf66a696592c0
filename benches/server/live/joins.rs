//! How what a join costs grows with how many join.

use super::storm::storm;
use crate::figures::{Figures, Ratio, grouped};
use crate::peers::House;
use crate::process::BUILD;
use crate::scale::Scale;
use crate::way::Way;

/// How many join one room at once, and how often that is measured: the fewer, the less it says once.
const SIZES: [(&str, usize, usize); 4] = [("100", 100, 5), ("500", 500, 3), ("1,000", 1000, 1), ("2,000", 2000, 1)];

/// Measures rooms of all sizes.
pub(crate) async fn measure(scale: &Scale) -> Figures {
    let ratios = vec![Ratio { name: "2,000 ÷ 100", of: "2,000", to: vec!["100"] }];
    let mut figures = Figures::new("so many join one room at once", SIZES.map(|(column, ..)| column).to_vec(), ratios);
    let peer = House::of(BUILD).await.serve(Way::WebSocket).await;
    for (column, count, times) in SIZES.into_iter().filter(|(_, count, _)| *count <= scale.joins) {
        for _ in 0..times.min(scale.rounds) {
            println!("{} join one room at once", grouped(count));
            let storm = storm(&peer, count).await;
            figures.note("a notice", "µs", column, storm.each);
            figures.note("a join", "µs", column, storm.join);
            figures.note("until all know all", "ms", column, storm.milliseconds);
        }
    }
    figures
}
