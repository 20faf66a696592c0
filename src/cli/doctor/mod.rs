//! `tincan doctor`: looks at a server from where it is run, and says for each fault what mends it.

mod finding;
mod place;
mod relay;
mod web;

use clap::Args;
use tincan::config::{Config, Flags, Settings, Tls, Turn};
use tincan::net::dial::Target;
use tincan::net::on_this_machine;

use self::finding::Findings;
use self::web::Answering;
use super::failure::Failure;
use super::passwords;
use super::runtime::runtime;

/// What it is told.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The server to look at, as people open it; left out, the one of these settings
    url: Option<String>,

    /// An account of that server, to look at the relay with; the password is asked for, or read from standard input
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, flags: Flags) -> Result<(), Failure> {
    let settings = Settings::load(flags)?;
    let address = settings.address();
    let config = settings.without_secret();
    let target = match &arguments.url {
        Some(url) => Target::parse(url)
            .ok_or_else(|| Failure::other(format!("{url:?} is no URL; write one as https://chat.example.com")))?,
        None => own(&config, address.port()),
    };
    let account = match &arguments.user {
        None => None,
        Some(name) => Some((name.clone(), passwords::password()?)),
    };
    let runtime = runtime()?;
    let findings = runtime.block_on(async {
        let mut findings = Findings::default();
        if arguments.url.is_none() {
            place::directory(&config.data_dir, &mut findings);
            place::database(&config, &mut findings).await;
        }
        if let Some(server) = web::look(&target, &mut findings).await {
            relays((&target, &server), &config, account, &mut findings).await;
        }
        findings
    });
    findings.tell(arguments.json)
}

async fn relays(
    (target, server): (&Target, &Answering),
    config: &Config,
    account: Option<(String, String)>,
    findings: &mut Findings,
) {
    if config.turn == Turn::Off {
        findings.skip("stun", "the relay is off (--turn)");
    } else {
        relay::stun(target, config.turn_port, findings).await;
    }
    match account {
        None => findings.skip("relay", "give an account with --user to send a packet through it"),
        // What is typed on this machine goes to a server whose certificate is good, or that was named over http.
        Some(_) if target.https && !server.is_trusted => {
            findings
                .skip("relay", "its certificate is none that a password may be given to; use http:// on the machine");
        }
        Some((name, password)) => relay::turn(target, &name, &password, findings).await,
    }
}

/// The server of these settings: where people reach it, else on this machine.
fn own(config: &Config, port: u16) -> Target {
    if let Some(public) = config.public_urls.first()
        && let Some(target) = Target::parse(&format!("{}{}", public.origin(), public.prefix()))
    {
        return target;
    }
    let https = matches!(config.tls, Tls::Files { .. } | Tls::Acme { .. });
    let host = on_this_machine(config.host).first().map(ToString::to_string).unwrap_or_default();
    Target { https, host, port, prefix: String::new() }
}
