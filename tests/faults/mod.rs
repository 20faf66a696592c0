//! Faults: harm is done to a server of the real executable, on its embedded store, while people talk ([`Crowd`]), and
//! afterwards it is checked that nothing that was promised is broken:
//!
//! 1. every acknowledged message is there, once;
//! 2. whatever anybody saw is there;
//! 3. the numbers of a room have no gap and rise;
//! 4. what each said stands in the order in which it was said;
//! 5. the same `clientId` is the same message, however often it is sent;
//! 6. after a quiet time, who is told to be there is who is connected.
//!
//! The server has neither panicked nor grown. These tests are a short form; `script/faults --whole` does all of it as
//! often and as long as `docs/reliability.md` says. What is left to chance follows from a seed that is printed.
//!
//! [`Crowd`]: crate::support::crowd::Crowd

mod clock;
mod damage;
mod disk;
mod doors;
mod floods;
mod half_open;
mod hostile;
mod killing;
mod power;
mod readers;
mod soak;

/// How often, or how many: so in the short form, and so in the whole, of which half may be asked for.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
fn times(short: usize, whole: usize) -> usize {
    match std::env::var("FAULTS").as_deref() {
        Ok("whole") => whole,
        Ok("half") => (whole / 2).max(short),
        _ => short,
    }
}
