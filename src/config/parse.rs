//! Each kind of value from text. An error is the end of a sentence that begins with where the text stood.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::{Metrics, Signup};

type Parsed<T> = Result<T, String>;

pub(super) fn host(text: &str) -> Parsed<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    match bare {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => bare.parse().map_err(|_| {
            format!("{text:?} is no address of this machine; write :: for all, 127.0.0.1 for this machine alone")
        }),
    }
}

pub(super) fn port(text: &str) -> Parsed<u16> {
    text.parse().map_err(|_| format!("{text:?} is no port; write a number from 0 to 65535"))
}

pub(super) fn bcrypt_cost(text: &str) -> Parsed<u32> {
    let cost = text.parse().ok().filter(|cost| (4..=31).contains(cost));
    cost.ok_or_else(|| format!("{text:?} is no cost of bcrypt; write a number from 4 to 31"))
}

/// A duration that is not zero, of ten years at most.
pub(super) fn duration(text: &str) -> Parsed<Duration> {
    let duration = duration_or_zero(text)?;
    if duration.is_zero() { Err(format!("{text:?} is no time at all; write for example 45s")) } else { Ok(duration) }
}

/// A duration of ten years at most.
pub(super) fn duration_or_zero(text: &str) -> Parsed<Duration> {
    const LONGEST: Duration = Duration::from_secs(3660 * 24 * 60 * 60);
    let duration = humantime::parse_duration(text)
        .map_err(|_| format!("{text:?} is no duration; write a number and its unit, as in 45s, 1500ms or 7d"))?;
    if duration > LONGEST { Err(format!("{text:?} is too long; ten years are the most")) } else { Ok(duration) }
}

/// One of two words; whether it is the first.
pub(super) fn choice(yes: &'static str, no: &'static str) -> impl Fn(&str) -> Parsed<bool> {
    move |text| match text {
        _ if text == yes => Ok(true),
        _ if text == no => Ok(false),
        _ => Err(format!("{text:?} is neither {yes} nor {no}; write one of the two")),
    }
}

pub(super) fn signup(text: &str) -> Parsed<Signup> {
    let all = [Signup::Open, Signup::Invite, Signup::Closed];
    let found = all.into_iter().find(|signup| signup.as_str() == text);
    found.ok_or_else(|| format!("{text:?} is none of open, invite and closed; write one of the three"))
}

pub(super) fn metrics(text: &str) -> Parsed<Metrics> {
    match text {
        "off" => Ok(Metrics::Off),
        "on" => Ok(Metrics::On),
        _ => text.parse::<SocketAddr>().map(Metrics::At).map_err(|_| {
            format!("{text:?} is no place for figures; write off, on, or an address such as 127.0.0.1:9100")
        }),
    }
}

pub(super) fn log(text: &str) -> Parsed<String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => {
            Err(format!("{text:?} is no filter; write error, warn, info, debug, trace, or as in info,tincan=debug"))
        }
    }
}

/// Addresses and ranges; one address is a range of one.
pub(super) fn proxies(text: &str) -> Parsed<Vec<ipnet::IpNet>> {
    let range = |part: &str| {
        let net = part.parse::<ipnet::IpNet>().map(|net| net.trunc());
        net.or_else(|_| part.parse::<IpAddr>().map(Into::into))
            .map_err(|_| format!("{part:?} is neither an address nor a range; write as in 127.0.0.1,10.0.0.0/8"))
    };
    items(text).map(range).collect()
}

/// Origins, each as a browser writes it in its `Origin` header.
pub(super) fn origins(text: &str) -> Parsed<Vec<String>> {
    items(text)
        .map(|part| {
            origin(part).ok_or_else(|| {
                format!("{part:?} is no origin; write scheme, host and port alone, as in https://chat.example.com")
            })
        })
        .collect()
}

pub(super) fn origin(text: &str) -> Option<String> {
    let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(in_scheme) {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address are within its brackets.
        Some((host, port)) if !port.ends_with(']') => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            (host, Some(port.parse::<u16>().ok().filter(|_| digits)?))
        }
        _ => (authority, None),
    };
    let six = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let good = match six {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')),
    };
    // A browser leaves the scheme's own port out.
    let port = port.filter(|port| !matches!((scheme, port), ("http", 80) | ("https", 443)));
    good.then(|| port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}")))
}

pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_becomes_what_a_browser_sends() {
        for (text, origin) in [
            ("https://Chat.Example.com/", "https://chat.example.com"),
            ("https://chat.example.com:443", "https://chat.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]", "http://[::1]"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(origins(text).unwrap(), [origin], "{text}");
        }
        assert_eq!(origins("http://a, http://b:1 ,").unwrap(), ["http://a", "http://b:1"]);
        assert!(origins("").unwrap().is_empty());
        for bad in
            ["*", "null", "chat.example.com", "https://", "https://a/b", "https://u@a", "https://a:x", "https://é"]
        {
            assert!(origins(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_duration_has_a_unit_and_an_end() {
        assert_eq!(duration("45s"), Ok(Duration::from_secs(45)));
        assert_eq!(duration("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86400)));
        for bad in ["", "45", "7 parsecs", "-1s", "0s", "99999y", "99999999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(duration_or_zero("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_single_address_is_a_range_of_one() {
        let ranges = proxies("127.0.0.1, 10.1.2.3/8, ::1").unwrap();
        assert_eq!(
            ranges.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
        );
        assert!(proxies("10.0.0.0/33").is_err() && proxies("proxy").is_err());
    }

    #[test]
    fn numbers_and_words_out_of_range_are_refused() {
        for bad in ["3", "32", "ten", ""] {
            assert!(bcrypt_cost(bad).is_err(), "{bad}");
        }
        for bad in ["-1", "65536", "http", ""] {
            assert!(port(bad).is_err(), "{bad}");
        }
        assert!(choice("on", "off")("On").is_err());
        assert!(host("example.com").is_err() && host("[::]").is_ok() && host("localhost").is_ok());
        assert!(metrics("9100").is_err() && metrics("[::1]:9100").is_ok());
        assert!(log("tincan=loud").is_err() && log("warn,tincan=debug").is_ok());
    }
}
