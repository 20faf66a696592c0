//! Which pages were refused lately: each origin is logged once, with what to set, and however many there are the log
//! stays readable.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many refused origins are named in the log in one [`PERIOD`].
const MOST_NAMED: usize = 20;

/// After this an origin that is refused is named anew.
const PERIOD: Duration = Duration::from_secs(3600);

/// How much of an origin is kept and logged, in characters. A real one is shorter.
const LONGEST: usize = 200;

/// The origins that were refused since the beginning of the period.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Option<Period>>);

#[derive(Debug)]
struct Period {
    began: Instant,
    named: HashSet<String>,
}

impl Refusals {
    /// Counts a refusal, and logs it where this origin was not named lately. `host` is the one that the request was
    /// for.
    pub(crate) fn note(&self, origin: &str, host: Option<&str>) {
        metrics::counter!("tincan_origins_refused_total").increment(1);
        let origin: String = origin.chars().take(LONGEST).collect();
        let host: String = host.unwrap_or_default().chars().take(LONGEST).collect();
        let Some(count) = self.count(&origin, Instant::now()) else { return };
        tracing::warn!(
            ?origin,
            ?host,
            "a web page was refused, for its origin is none of this server's own. Where people reach this server at \
             that origin, set \
             --public-url to it, or name the proxy with --trusted-proxy and have it send X-Forwarded-Host. Where it \
             is another \
             site that may use this server, add its origin to --client-url"
        );
        if count == MOST_NAMED {
            tracing::warn!("many origins were refused; others are not named for an hour");
        }
    }

    /// How many were named with this one; `None` where it is not to be named.
    fn count(&self, origin: &str, now: Instant) -> Option<usize> {
        let mut period = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let period = match &mut *period {
            Some(period) if now.duration_since(period.began) < PERIOD => period,
            other => other.insert(Period { began: now, named: HashSet::new() }),
        };
        let is_new = period.named.len() < MOST_NAMED && period.named.insert(origin.to_owned());
        is_new.then_some(period.named.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_named_once_in_a_period_and_many_do_not_flood_the_log() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        assert_eq!(refusals.count("https://a", now), Some(1));
        assert_eq!(refusals.count("https://a", now), None);
        let named = (0..1000).filter(|number| refusals.count(&format!("https://{number}"), now).is_some()).count();
        assert_eq!(named, MOST_NAMED - 1);
        assert_eq!(refusals.count("https://a", now + PERIOD), Some(1));
    }
}
