//! The same for clients that poll, and for clients that began by polling and moved on to a WebSocket, beside an older
//! build of the program where `BEFORE` says where one lies.

use super::{connecting, full_speed, paced};
use crate::figures::{Figures, Ratio};
use crate::peers::House;
use crate::process::BUILD;
use crate::scale::Scale;
use crate::way::Way;

/// A column of this build, and that of the older one.
const COLUMNS: [(Way, [&str; 2]); 2] =
    [(Way::Polling, ["polling", "polling, before"]), (Way::Upgraded, ["upgraded", "upgraded, before"])];

/// Measures both ways of both builds in turns; an older build that there is not is told to `absent`.
pub(crate) async fn measure(scale: &Scale, absent: &mut Vec<String>) -> Figures {
    let ratio = |name, [of, to]: [&'static str; 2]| Ratio { name, of, to: vec![to] };
    let ratios = vec![ratio("polling ÷ before", COLUMNS[0].1), ratio("upgraded ÷ before", COLUMNS[1].1)];
    let columns = COLUMNS.iter().flat_map(|(_, names)| *names).collect();
    let mut figures = Figures::new("polling, and upgraded from it", columns, ratios);
    #[expect(clippy::disallowed_methods, reason = "a setting of the benchmark, not of the server")]
    let older = std::env::var("BEFORE").ok();
    if older.is_none() {
        absent.push("polling and upgraded, before: BEFORE names no older build of the program".to_owned());
        COLUMNS.iter().for_each(|(_, names)| figures.leave_out(names[1]));
    }
    let mut houses = vec![House::of(BUILD).await];
    if let Some(older) = older {
        houses.push(House::of(&older).await);
    }
    for round in 1..=scale.rounds {
        for (way, columns) in COLUMNS {
            for (house, column) in houses.iter().zip(columns) {
                println!("round {round} of {}: {column}", scale.rounds);
                of_server(house, way.clone(), column, scale, &mut figures).await;
            }
        }
    }
    figures
}

async fn of_server(house: &House, way: Way, column: &'static str, scale: &Scale, figures: &mut Figures) {
    let peer = house.serve(way).await;
    connecting(&peer, scale.polled, column, figures).await;
    for members in [1, 100] {
        full_speed(&peer, members, scale.span / 2, column, figures).await;
    }
    paced(&peer, 100, scale.paced / 2, column, figures).await;
    peer.server.stop().await;
}
