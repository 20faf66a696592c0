//! What reads bytes of strangers takes whatever chance makes of good input. The fuzzers in `fuzz/` do the same for
//! longer, and look where it leads.

use std::path::Path;

use crate::support::chance::Chance;
use crate::support::mutation::mutated;

#[path = "../fuzz/inputs.rs"]
mod inputs;

/// Good input of a fuzzer.
pub(crate) fn seeds(of: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(of);
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("seeds").map(|file| file.expect("one").path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

/// Gives so many mutations to what reads them.
fn give(of: &str, count: usize, read: fn(&[u8])) {
    let (mut chance, seeds) = (Chance::new(of), seeds(of));
    seeds.iter().for_each(|seed| read(seed));
    for _ in 0..count {
        let seed = chance.one_of(&seeds).clone();
        read(&mutated(&seed, &mut chance));
    }
}

#[test]
fn whatever_a_payload_is_reading_it_panics_nobody() {
    give("event", 20_000, inputs::event);
}

#[test]
fn whatever_a_body_is_reading_it_panics_nobody() {
    give("body", 20_000, inputs::body);
}

#[test]
fn whatever_an_archive_is_reading_it_panics_nobody() {
    give("archive", 500, inputs::archive);
}

#[test]
fn whatever_a_file_of_settings_is_reading_it_panics_nobody() {
    give("dotenv", 20_000, inputs::dotenv);
}

#[test]
fn whatever_a_message_to_the_relay_is_reading_it_panics_nobody() {
    give("turn", 50_000, inputs::turn);
}
