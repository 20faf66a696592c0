//! bcrypt, off the async threads, by a bounded number of hands with a bounded queue.

use std::sync::Arc;

use bcrypt::HashParts;

use super::queue::{Asker, Queue};
use crate::error::Error;
use crate::model::{NewPassword, PasswordHash};

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Passwords {
    cost: u32,
    /// A hash of this cost that no password has.
    decoy: String,
    /// Who works and who waits for it.
    queue: Arc<Queue>,
}

impl Passwords {
    /// One hand a core. `cost` is bcrypt's, 4–31.
    pub fn new(cost: u32) -> Self {
        let hands = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // Cost 10 takes about 0.1 s: this much work takes about ten seconds, and who would wait longer is told at once.
        let queue = (102_400_usize >> cost).clamp(8, 4096);
        Self::with_hands(cost, hands, hands * queue)
    }

    fn with_hands(cost: u32, hands: usize, queue: usize) -> Self {
        let decoy = format!("$2b${cost:02}${}", ".".repeat(53));
        Self { cost, decoy, queue: Queue::new(hands, queue) }
    }

    /// # Errors
    /// [`Error::Overloaded`] where the queue is full; [`Error::RateLimited`] where too many of the account wait.
    pub async fn hash(&self, asker: Asker<'_>, password: NewPassword) -> Result<PasswordHash, Error> {
        let cost = self.cost;
        let hash = self.work(asker, || Ok(()), move || bcrypt::hash(password.expose(), cost)).await?;
        hash.map(PasswordHash::new).map_err(|error| {
            tracing::error!(%error, cost, "a password could not be hashed");
            Error::Internal
        })
    }

    /// Whether it is the password of `hash`: bcrypt reads 72 bytes and ignores the rest. Without a hash, or with one
    /// that is none, it takes the time of one of the configured cost and is `false`: an unknown user is not told from a
    /// wrong password. `allowed` is asked when it is its turn: what has happened while it waited may have forbidden it.
    ///
    /// # Errors
    /// [`Error::Overloaded`] where the queue is full; [`Error::RateLimited`] where too many of the account wait; that
    /// of `allowed`.
    pub async fn verify(
        &self,
        asker: Asker<'_>,
        password: &str,
        hash: Option<&PasswordHash>,
        allowed: impl FnOnce() -> Result<(), Error> + Send,
    ) -> Result<bool, Error> {
        let stored = hash.map(PasswordHash::expose).filter(|hash| is_bcrypt(hash));
        let (hash, known) = (stored.unwrap_or(&self.decoy).to_owned(), stored.is_some());
        // Only what is read of it is kept while it waits, whatever a client sends.
        let password = password.as_bytes()[..password.len().min(72)].to_vec();
        let same = self.work(asker, allowed, move || bcrypt::verify(password, &hash)).await?;
        same.map(|same| same && known).map_err(|error| {
            tracing::error!(%error, "a password could not be verified");
            Error::Internal
        })
    }

    /// Runs it on a blocking thread when a hand is free. A caller that goes away while it waits takes its work along;
    /// one that goes away during it keeps the hand busy until it is done.
    async fn work<T: Send + 'static>(
        &self,
        asker: Asker<'_>,
        allowed: impl FnOnce() -> Result<(), Error> + Send,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let hand = self.queue.hand(asker).await?;
        allowed()?;
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

    const ME: Asker<'static> = Asker::OPERATOR;

    fn free() -> Result<(), Error> {
        Ok(())
    }

    /// At this address, about this account.
    const fn asker(address: u8, account: &str) -> Asker<'_> {
        Asker { address: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, address)), account }
    }

    fn hash(text: &str) -> PasswordHash {
        PasswordHash::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_verified_by_its_own_hash_alone() {
        let passwords = Passwords::new(4);
        let made = passwords.hash(ME, NewPassword::parse("correct horse").unwrap()).await.unwrap();
        assert!(made.expose().starts_with("$2b$04$"));
        assert_eq!(passwords.verify(ME, "correct horse", Some(&made), free).await, Ok(true));
        assert_eq!(passwords.verify(ME, "correct hors", Some(&made), free).await, Ok(false));
        assert_eq!(passwords.verify(ME, "", Some(&made), free).await, Ok(false));
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
            assert_eq!(passwords.verify(ME, password, Some(&hash(text)), free).await, Ok(true), "{password:?}");
            assert_eq!(passwords.verify(ME, &password[..3], Some(&hash(text)), free).await, Ok(false), "{password:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_hash_lets_nobody_in() {
        let passwords = Passwords::new(4);
        for text in ["", "plain", "$2b$99$JOUvbr40mp530sqI/6wDD.j502wri3ASOve/ybtu0DEMTPLwN13/i"] {
            assert_eq!(passwords.verify(ME, text, Some(&hash(text)), free).await, Ok(false), "{text}");
        }
        assert_eq!(passwords.verify(ME, "", None, free).await, Ok(false));
    }

    #[tokio::test]
    async fn an_unknown_user_takes_as_long_as_a_wrong_password() {
        let passwords = Passwords::new(8);
        let known = passwords.hash(ME, NewPassword::parse("correct horse").unwrap()).await.unwrap();
        let broken = hash("no hash");
        let mut best = [Duration::MAX; 3];
        for _ in 0..5 {
            for (best, hash) in best.iter_mut().zip([Some(&known), None, Some(&broken)]) {
                let start = Instant::now();
                assert_eq!(passwords.verify(ME, "wrong", hash, free).await, Ok(false));
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
                    .work(ME, free, move || {
                        started.send(()).unwrap();
                        released.recv().unwrap();
                    })
                    .await
            }
        });
        at_work.await.unwrap();
        let second = passwords.verify(ME, "x", None, free);
        let third = passwords.verify(ME, "y", None, free);
        tokio::pin!(second);
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        assert_eq!(third.await, Err(Error::Overloaded));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(second.await, Ok(false));
        assert_eq!(passwords.verify(ME, "z", None, free).await, Ok(false));
    }

    /// Has askers wait for one hand in this order; answers with the order in which they were served.
    async fn served(queue: usize, askers: &[(u8, &'static str)]) -> (Vec<(u8, &'static str)>, Vec<Error>) {
        let queue = Queue::new(1, queue);
        let busy = queue.hand(ME).await.unwrap();
        let order = std::sync::Mutex::new(Vec::new());
        let one = async |(address, account)| {
            let hand = queue.hand(asker(address, account)).await?;
            order.lock().unwrap().push((address, account));
            drop(hand);
            Ok::<_, Error>(())
        };
        let release = async {
            tokio::task::yield_now().await;
            drop(busy);
        };
        let all = futures_util::future::join_all(askers.iter().map(|asker| one(*asker)));
        let (outcomes, ()) = futures_util::future::join(all, release).await;
        assert_eq!(queue.waiting(), 0);
        (order.into_inner().unwrap(), outcomes.into_iter().filter_map(Result::err).collect())
    }

    #[tokio::test]
    async fn addresses_take_turns_and_within_an_address_its_accounts() {
        let askers = [(1, "a"), (1, "a"), (1, "a"), (1, "b"), (2, "c"), (2, "c"), (3, "a")];
        let (order, refused) = served(100, &askers).await;
        assert_eq!(order, [(1, "a"), (2, "c"), (3, "a"), (1, "b"), (2, "c"), (1, "a"), (1, "a")]);
        assert!(refused.is_empty());
    }

    #[tokio::test]
    async fn one_account_has_ten_places_and_others_are_served() {
        let mut askers = vec![(1, "ann"); 250];
        askers.extend([(1, "bob"), (2, "ann")]);
        let (order, refused) = served(100, &askers).await;
        assert_eq!((order.len(), refused.len()), (12, 240));
        assert!(refused.iter().all(|error| matches!(error, Error::RateLimited(_))), "{refused:?}");
        assert!(order.contains(&(1, "bob")) && order.contains(&(2, "ann")), "{order:?}");
    }

    #[tokio::test]
    async fn an_address_may_fill_the_queue_and_gives_places_up_to_others() {
        let (order, refused) = served(4, &[(1, "a"), (1, "b"), (1, "c"), (1, "d")]).await;
        assert_eq!((order.len(), refused.len()), (4, 0));
        let crowd = [(1, "a"), (1, "b"), (1, "c"), (1, "d"), (1, "e"), (2, "f"), (2, "g"), (2, "h")];
        let (order, refused) = served(4, &crowd).await;
        assert_eq!(order, [(1, "a"), (2, "f"), (1, "b"), (2, "g")]);
        assert_eq!(refused, vec![Error::Overloaded; 4]);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_and_who_is_gone_holds_nobody_up() {
        let queue = Queue::with_wait(1, 4, Duration::ZERO);
        let busy = queue.hand(ME).await.unwrap();
        assert_eq!(queue.hand(asker(1, "ann")).await.unwrap_err(), Error::Overloaded);
        drop(busy);
        assert!(queue.hand(ME).await.is_ok());
        let queue = Queue::new(1, 2);
        let busy = queue.hand(ME).await.unwrap();
        let mut waiting: Vec<_> = ["a", "b"].map(|name| Box::pin(queue.hand(asker(1, name)))).into();
        for one in &mut waiting {
            assert!(futures_util::poll!(one.as_mut()).is_pending());
        }
        drop(waiting.remove(0));
        let mut third = Box::pin(queue.hand(asker(1, "c")));
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        assert_eq!(queue.waiting(), 2);
        drop(busy);
        let second = waiting.remove(0).await.unwrap();
        drop(second);
        assert!(third.await.is_ok());
    }

    #[tokio::test]
    async fn what_was_forbidden_while_it_waited_is_not_worked_off() {
        let passwords = Passwords::new(4);
        let refused = passwords.verify(ME, "x", None, || Err(Error::RateLimited(Duration::from_secs(1)))).await;
        assert_eq!(refused, Err(Error::RateLimited(Duration::from_secs(1))));
        assert_eq!(passwords.verify(ME, "x", None, free).await, Ok(false));
    }
}
