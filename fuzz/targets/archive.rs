//! Fuzzes what reads an archive.

#![no_main]

#[path = "../inputs.rs"]
#[expect(dead_code, reason = "the other fuzzers use the rest")]
mod inputs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::archive(bytes));
