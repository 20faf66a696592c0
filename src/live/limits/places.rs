//! Places of which each key, and all keys together, may have so many at a time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many places each key has; those that have none are not in it. A clone is another handle of the same.
#[derive(Debug)]
pub struct Places<K>(Arc<Mutex<Counts<K>>>);

#[derive(Debug)]
struct Counts<K> {
    all: usize,
    by_key: HashMap<K, usize>,
}

/// A place that was taken; given back on drop.
#[derive(Debug)]
pub struct Place<K: Clone + Eq + Hash> {
    places: Places<K>,
    key: K,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// As many are taken as there may be.
    All,
    /// This key has as many as one may have.
    Key,
}

impl<K> Default for Places<K> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Counts { all: 0, by_key: HashMap::new() })))
    }
}

impl<K> Clone for Places<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Places<K> {
    fn counts(&self) -> MutexGuard<'_, Counts<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many places are taken, by all keys together.
    pub fn taken(&self) -> usize {
        self.counts().all
    }

    /// How many keys are kept.
    #[cfg(test)]
    pub fn keys(&self) -> usize {
        self.counts().by_key.len()
    }
}

impl<K: Clone + Eq + Hash> Places<K> {
    /// Takes a place, where fewer than `most` are taken and fewer than `most_of_key` by this key.
    ///
    /// # Errors
    /// Which of the two bounds is reached, that of all first.
    pub fn take(&self, key: K, most_of_key: usize, most: usize) -> Result<Place<K>, Full> {
        let mut counts = self.counts();
        if counts.all >= most {
            return Err(Full::All);
        }
        if counts.by_key.get(&key).is_some_and(|own| *own >= most_of_key) {
            return Err(Full::Key);
        }
        counts.all += 1;
        *counts.by_key.entry(key.clone()).or_default() += 1;
        Ok(Place { places: self.clone(), key })
    }
}

impl<K: Clone + Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut counts = self.places.counts();
        counts.all -= 1;
        if let Some(own) = counts.by_key.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                counts.by_key.remove(&self.key);
            }
        }
    }
}
