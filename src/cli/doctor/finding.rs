//! What was looked at and how it was found, and how that is told.

use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::print;

/// How something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// It works, and could be better or may become a fault.
    Warning,
    /// It does not work.
    Fault,
    /// It could not be looked at, and why.
    Skipped,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    /// In one word or two.
    check: &'static str,
    state: State,
    /// What was found.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

/// All that was found, in the order in which it was looked at.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, state: State, found: impl Into<String>, mend: Option<String>) {
        self.0.push(Finding { check, state, found: found.into(), mend });
    }

    /// It is as it should be.
    pub(crate) fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.add(check, State::Ok, found, None);
    }

    /// It works, and could be better.
    pub(crate) fn warn(&mut self, check: &'static str, found: impl Into<String>, mend: impl Into<String>) {
        self.add(check, State::Warning, found, Some(mend.into()));
    }

    /// It does not work.
    pub(crate) fn fault(&mut self, check: &'static str, found: impl Into<String>, mend: impl Into<String>) {
        self.add(check, State::Fault, found, Some(mend.into()));
    }

    /// It was not looked at; how it would be.
    pub(crate) fn skip(&mut self, check: &'static str, found: impl Into<String>) {
        self.add(check, State::Skipped, found, None);
    }

    /// Prints all of them; a failure where something does not work.
    pub(crate) fn tell(&self, json: bool) -> Result<(), Failure> {
        if json {
            let text = serde_json::to_string_pretty(&self.0).unwrap_or_default();
            print(&format!("{text}\n"))?;
        } else {
            let lines: String = self.0.iter().map(Finding::lines).collect();
            print(&lines)?;
        }
        let faults = self.0.iter().filter(|finding| finding.state == State::Fault).count();
        match faults {
            0 => Ok(()),
            1 => Err(Failure::other("one thing does not work; what mends it stands below it")),
            _ => Err(Failure::other(format!("{faults} things do not work; what mends them stands below each"))),
        }
    }
}

impl Finding {
    /// A line, and one more for what to do.
    fn lines(&self) -> String {
        let sign = match self.state {
            State::Ok => "ok     ",
            State::Warning => "warning",
            State::Fault => "FAULT  ",
            State::Skipped => "skipped",
        };
        // What a server says must not move the cursor of a terminal.
        let plain = |text: &str| text.replace(char::is_control, " ");
        let mend = self.mend.as_deref().map(|mend| format!("{:9}to mend it: {}\n", "", plain(mend)));
        format!("{sign}  {}: {}\n{}", self.check, plain(&self.found), mend.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_with_what_mends_it_and_fails() {
        let mut findings = Findings::default();
        findings.ok("version", "0.1.0");
        findings.warn("clock", "3 s\u{1b}[2J apart", "run NTP");
        assert!(findings.tell(true).is_ok());
        findings.fault("health", "degraded", "look at the log");
        assert_eq!(findings.0[1].lines(), "warning  clock: 3 s [2J apart\n         to mend it: run NTP\n");
        assert_eq!(findings.0[2].lines(), "FAULT    health: degraded\n         to mend it: look at the log\n");
        assert!(findings.tell(false).is_err());
    }
}
