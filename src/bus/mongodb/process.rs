//! Which process a server is: one that is gone from this machine is known to be dead at once, by its number and the
//! moment it began. Elsewhere its lease has to run out.

use std::fs;

use bson::{Document, doc};

/// A process of a machine, such that no other one is taken for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// The machine since it was switched on, and the name space that its process numbers are of.
    machine: String,
    number: i64,
    /// When it began, in the clock ticks of the machine.
    began: String,
}

impl Process {
    /// This one; `None` where the system does not say.
    pub(crate) fn this() -> Option<Self> {
        static THIS: std::sync::OnceLock<Option<Process>> = std::sync::OnceLock::new();
        let find = || {
            let number = i64::from(std::process::id());
            Some(Self { machine: machine()?, number, began: began(number)? })
        };
        THIS.get_or_init(find).clone()
    }

    /// As a lease has it.
    pub(crate) fn document(&self) -> Document {
        doc! { "machine": &self.machine, "number": self.number, "began": &self.began }
    }

    /// From a lease.
    pub(crate) fn read(document: &Document) -> Option<Self> {
        let text = |field| document.get_str(field).ok().map(str::to_owned);
        Some(Self { machine: text("machine")?, number: document.get_i64("number").ok()?, began: text("began")? })
    }

    /// Whether it ran on the machine of `here` and does so no more.
    pub(crate) fn is_known_dead(&self, here: &Self) -> bool {
        self.machine == here.machine && began(self.number).as_deref() != Some(&self.began)
    }
}

/// Linux has a new id for each start of the machine, and a number for each name space of processes.
fn machine() -> Option<String> {
    let start = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", start.trim(), space.display()))
}

/// When a process began; `None` where there is none, or it has ended and only waits to be noticed.
fn began(number: i64) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ended = matches!(*fields.first()?, "Z" | "X" | "x");
    if ended { None } else { fields.get(19).map(|began| (*began).to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_dead_when_it_is_gone_and_when_another_one_has_its_number() {
        let Some(this) = Process::this() else { return };
        assert!(!this.is_known_dead(&this));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let number = i64::from(child.id());
        let ended = Process { number, began: "1".to_owned(), ..this.clone() };
        child.wait().unwrap();
        assert!(ended.is_known_dead(&this));
        assert!(Process { began: "1".to_owned(), ..this.clone() }.is_known_dead(&this), "another one has its number");
        let elsewhere = Process { machine: "elsewhere".to_owned(), ..ended };
        assert!(!elsewhere.is_known_dead(&this), "nothing is known of it");
    }
}
