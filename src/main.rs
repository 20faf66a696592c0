//! The executable: does what the command line says. All else is in the library.

// Their macros panic where standard output or standard error is closed or full.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}

// One file is to run where only glibc is installed: the unwinder comes from the compiler's archive, for without this
// line the standard library takes it from libgcc_s.so.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[link(name = "gcc_eh", kind = "static", modifiers = "-bundle")]
unsafe extern "C" {}
