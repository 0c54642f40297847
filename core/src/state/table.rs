//! A hash table whose entries can be reached again without hashing.

use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};

/// Where an entry was found. It spares the search as long as the entry stays there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(usize);

#[derive(Clone, Debug)]
pub(crate) struct Table<K, V> {
    entries: HashTable<(K, V)>,
    hasher: DefaultHashBuilder,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            entries: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl<K: Hash + Eq, V> Table<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Searches an entry, and returns where it is.
    pub(crate) fn find(&self, key: &K) -> Option<(Slot, &V)> {
        let slot = self.search(key)?;
        self.entries
            .get_bucket(slot.0)
            .map(|(_, value)| (slot, value))
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.find(key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.get_mut_at(None, key)
    }

    /// Returns the entry of this key, which is searched unless it is still in the slot.
    pub(crate) fn get_at(&self, slot: Option<Slot>, key: &K) -> Option<&V> {
        let Slot(bucket) = self.slot(slot, key)?;
        self.entries.get_bucket(bucket).map(|(_, value)| value)
    }

    /// As [`Table::get_at`].
    pub(crate) fn get_mut_at(&mut self, slot: Option<Slot>, key: &K) -> Option<&mut V> {
        let Slot(bucket) = self.slot(slot, key)?;
        self.entries.get_bucket_mut(bucket).map(|(_, value)| value)
    }

    /// Adds an entry, in place of an earlier one of the same key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.remove(&key);
        self.get_or_insert_with(key, || value);
    }

    pub(crate) fn get_or_insert_with(&mut self, key: K, create: impl FnOnce() -> V) -> &mut V {
        let hash = self.hasher.hash_one(&key);
        let entry = self.entries.entry(
            hash,
            |(known, _)| *known == key,
            |(known, _)| self.hasher.hash_one(known),
        );
        &mut entry.or_insert_with(|| (key, create())).into_mut().1
    }

    pub(crate) fn remove(&mut self, key: &K) {
        let hash = self.hasher.hash_one(key);
        if let Ok(entry) = self.entries.find_entry(hash, |(known, _)| known == key) {
            entry.remove();
        }
    }

    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&K, &V) -> bool) {
        self.entries.retain(|(key, value)| keeps(key, value));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    fn slot(&self, slot: Option<Slot>, key: &K) -> Option<Slot> {
        let is_there = |slot: &Slot| {
            let entry = self.entries.get_bucket(slot.0);
            entry.is_some_and(|(known, _)| known == key)
        };
        slot.filter(is_there).or_else(|| self.search(key))
    }

    fn search(&self, key: &K) -> Option<Slot> {
        let hash = self.hasher.hash_one(key);
        self.entries
            .find_bucket_index(hash, |(known, _)| known == key)
            .map(Slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_never_lead_to_another_entry() {
        let mut table = Table::default();
        table.insert(1, "one");
        let slot = table.find(&1).map(|(slot, _)| slot);
        assert_eq!(table.get_at(slot, &1), Some(&"one"));
        assert_eq!(table.get_at(slot, &2), None);
        for key in 2..1_000 {
            *table.get_or_insert_with(key, || "more") = "other";
        }
        assert_eq!(table.get_at(slot, &1), Some(&"one"), "after it grew");
        table.remove(&1);
        assert_eq!(table.get_at(slot, &1), None);
        for key in 2..1_000 {
            assert_eq!(table.get_mut_at(slot, &key), Some(&mut "other"));
        }
        table.insert(1, "new");
        assert_eq!(table.get_at(slot, &1), Some(&"new"));
        table.insert(1, "newer");
        assert_eq!((table.get(&1), table.len()), (Some(&"newer"), 999));
    }
}
