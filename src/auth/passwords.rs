//! bcrypt, off the async threads, by a bounded number of hands with a bounded queue.

use std::sync::Arc;

use bcrypt::HashParts;
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::model::{NewPassword, PasswordHash};

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Passwords {
    cost: u32,
    /// A hash of this cost that no password has.
    decoy: String,
    /// Those who may be inside, at work or waiting.
    places: Semaphore,
    /// Those at work. Fair: who waits longest is next.
    hands: Arc<Semaphore>,
}

impl Passwords {
    /// One hand a core. `cost` is bcrypt's, 4–31.
    pub fn new(cost: u32) -> Self {
        let hands = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // Cost 10 takes about 0.1 s: whoever is let in waits ten seconds at most, and who would wait longer is told at once.
        let queue = (102_400_usize >> cost).clamp(8, 4096);
        Self::with_hands(cost, hands, hands * queue)
    }

    fn with_hands(cost: u32, hands: usize, queue: usize) -> Self {
        let decoy = format!("$2b${cost:02}${}", ".".repeat(53));
        Self { cost, decoy, places: Semaphore::new(hands + queue), hands: Arc::new(Semaphore::new(hands)) }
    }

    /// # Errors
    /// [`Error::Overloaded`] where the queue is full.
    pub async fn hash(&self, password: NewPassword) -> Result<PasswordHash, Error> {
        let cost = self.cost;
        let hash = self.work(move || bcrypt::hash(password.expose(), cost)).await?;
        hash.map(PasswordHash::new).map_err(|error| {
            tracing::error!(%error, cost, "a password could not be hashed");
            Error::Internal
        })
    }

    /// Whether it is the password of `hash`: bcrypt reads 72 bytes and ignores the rest. Without a hash, or with one that is
    /// none, it takes the time of one of the configured cost and is `false`: an unknown user is not told from a wrong password.
    ///
    /// # Errors
    /// [`Error::Overloaded`] where the queue is full.
    pub async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> Result<bool, Error> {
        let stored = hash.map(PasswordHash::expose).filter(|hash| is_bcrypt(hash));
        let (hash, known) = (stored.unwrap_or(&self.decoy).to_owned(), stored.is_some());
        // Only what is read of it is kept while it waits, whatever a client sends.
        let password = password.as_bytes()[..password.len().min(72)].to_vec();
        let same = self.work(move || bcrypt::verify(password, &hash)).await?;
        same.map(|same| same && known).map_err(|error| {
            tracing::error!(%error, "a password could not be verified");
            Error::Internal
        })
    }

    /// Runs it on a blocking thread when a hand is free. A caller that goes away while it waits takes its work along; one
    /// that goes away during it keeps the hand busy until it is done.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _place = self.places.try_acquire().map_err(|_| Error::Overloaded)?;
        let hand = Arc::clone(&self.hands).acquire_owned().await.map_err(|_| Error::Internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let _hand = hand;
            work()
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "the work on a password did not end");
            Error::Internal
        })
    }
}

fn is_bcrypt(hash: &str) -> bool {
    let good = hash.parse::<HashParts>().is_ok_and(|parts| (4..=31).contains(&parts.get_cost()));
    if !good {
        tracing::warn!("a stored password is no bcrypt hash; nobody can log in with it");
    }
    good
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::*;

    fn hash(text: &str) -> PasswordHash {
        PasswordHash::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_verified_by_its_own_hash_alone() {
        let passwords = Passwords::new(4);
        let made = passwords.hash(NewPassword::parse("correct horse").unwrap()).await.unwrap();
        assert!(made.expose().starts_with("$2b$04$"));
        assert_eq!(passwords.verify("correct horse", Some(&made)).await, Ok(true));
        assert_eq!(passwords.verify("correct hors", Some(&made)).await, Ok(false));
        assert_eq!(passwords.verify("", Some(&made)).await, Ok(false));
    }

    #[tokio::test]
    async fn hashes_of_the_node_backend_are_good() {
        // Made by bcryptjs, from the texts beside them.
        let long = "x".repeat(72) + "tail";
        let passwords = Passwords::new(4);
        for (password, text) in [
            ("correct horse battery staple", "$2a$04$HEdtnQs6nRqszCNRaxxj/OOeCk7sH1yeZl5At0/ksLKHUZ9tkNfXW"),
            ("correct horse battery staple", "$2b$04$JOUvbr40mp530sqI/6wDD.j502wri3ASOve/ybtu0DEMTPLwN13/i"),
            ("correct horse battery staple", "$2y$04$JOUvbr40mp530sqI/6wDD.j502wri3ASOve/ybtu0DEMTPLwN13/i"),
            ("pässwörd ✓", "$2a$04$vDifK.78KIPLi8k8qYwNJOu4qaBvtAQSg5yE2gapBIp1df0q3cvlS"),
            ("nul\0tail", "$2a$04$9WlCnDFhJ2p1.DkFfXBOVeKCBdogDeJtFOF97zVohoD576m4usGQ."),
            (&long, "$2b$04$8YfsqEGqqiV7l8QQk5oL.e5oAplSh0hslmx4WL3iN0vO1KLIElCsm"),
            (&long[..72], "$2b$04$8YfsqEGqqiV7l8QQk5oL.e5oAplSh0hslmx4WL3iN0vO1KLIElCsm"),
        ] {
            assert_eq!(passwords.verify(password, Some(&hash(text))).await, Ok(true), "{password:?}");
            assert_eq!(passwords.verify(&password[..3], Some(&hash(text))).await, Ok(false), "{password:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_hash_lets_nobody_in() {
        let passwords = Passwords::new(4);
        for text in ["", "plain", "$2b$99$JOUvbr40mp530sqI/6wDD.j502wri3ASOve/ybtu0DEMTPLwN13/i"] {
            assert_eq!(passwords.verify(text, Some(&hash(text))).await, Ok(false), "{text}");
        }
        assert_eq!(passwords.verify("", None).await, Ok(false));
    }

    #[tokio::test]
    async fn an_unknown_user_takes_as_long_as_a_wrong_password() {
        let passwords = Passwords::new(8);
        let known = passwords.hash(NewPassword::parse("correct horse").unwrap()).await.unwrap();
        let broken = hash("no hash");
        let mut best = [Duration::MAX; 3];
        for _ in 0..5 {
            for (best, hash) in best.iter_mut().zip([Some(&known), None, Some(&broken)]) {
                let start = Instant::now();
                assert_eq!(passwords.verify("wrong", hash).await, Ok(false));
                *best = start.elapsed().min(*best);
            }
        }
        assert!(best[1] > best[0] / 2 && best[2] > best[0] / 2, "{best:?}");
    }

    #[tokio::test]
    async fn past_the_queue_callers_are_refused_at_once_and_those_in_it_are_served() {
        let passwords = Arc::new(Passwords::with_hands(4, 1, 1));
        let (started, at_work) = tokio::sync::oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let passwords = Arc::clone(&passwords);
            async move {
                passwords
                    .work(move || {
                        started.send(()).unwrap();
                        released.recv().unwrap();
                    })
                    .await
            }
        });
        at_work.await.unwrap();
        let second = passwords.verify("x", None);
        let third = passwords.verify("y", None);
        tokio::pin!(second);
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        assert_eq!(third.await, Err(Error::Overloaded));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(second.await, Ok(false));
        assert_eq!(passwords.verify("z", None).await, Ok(false));
    }
}
