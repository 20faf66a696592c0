//! `--turn`: the relay of the executable, and relays elsewhere.

use std::net::IpAddr;

/// The relay of the executable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There is none.
    Off,
    /// At the addresses that it finds.
    Auto,
    /// Reached from outside under this address.
    At(IpAddr),
}

pub(super) fn parse(text: &str) -> Result<Turn, String> {
    match text {
        "off" => Ok(Turn::Off),
        "auto" => Ok(Turn::Auto),
        _ => {
            let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
            let address = bare.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
            let address = address.filter(|ip| !ip.is_unspecified() && !ip.is_multicast());
            address.map(Turn::At).ok_or_else(|| {
                format!("{text:?} is no address of a relay; write auto, off, or one such as 203.0.113.5")
            })
        }
    }
}

/// URLs of relays elsewhere, each with `turn` or `turns`.
pub(super) fn urls<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<String>, String> {
    texts.map(|text| url(text.trim())).collect()
}

/// Refuses what makes a browser's `RTCPeerConnection` throw, which would cost every call.
fn url(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is no TURN server; write as in turn:turn.example.com:3478?transport=udp");
    let rest = text.strip_prefix("turn:").or_else(|| text.strip_prefix("turns:")).ok_or_else(wrong)?;
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let (host, port) = match place.rsplit_once(':') {
        // The colons of an IPv6 address are within its brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let six = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_host = match six {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let is_query = query.is_none_or(|query| matches!(query, "transport=udp" | "transport=tcp"));
    if is_host && is_port && is_query { Ok(text.to_owned()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relay_is_on_off_or_at_an_address() {
        assert_eq!(parse("auto"), Ok(Turn::Auto));
        assert_eq!(parse("off"), Ok(Turn::Off));
        assert_eq!(parse("203.0.113.5"), Ok(Turn::At("203.0.113.5".parse().unwrap())));
        assert_eq!(parse("[2001:db8::1]"), Ok(Turn::At("2001:db8::1".parse().unwrap())));
        for bad in ["", "on", "chat.example.com", "0.0.0.0", "::", "224.0.0.1", "203.0.113.5:3478"] {
            assert!(parse(bad).unwrap_err().contains("write auto, off"), "{bad}");
        }
    }

    #[test]
    fn a_relay_elsewhere_is_a_url_that_a_browser_takes() {
        for good in ["turn:a.example", "turns:a.example:443?transport=tcp", "turn:[::1]:3478?transport=udp"] {
            assert_eq!(urls([good].into_iter()).unwrap(), [good]);
        }
        for bad in ["", "stun:a", "turn:", "turn://a", "turn:a b", "turn:a:0", "turn:a:99999", "turn:a?transport=sctp"]
        {
            assert!(urls([bad].into_iter()).is_err(), "{bad}");
        }
    }
}
