//! The known state of reactions and pins, which are on or off.

use std::collections::BTreeMap;

#[derive(Debug)]
pub struct Toggles<K>(BTreeMap<K, Toggle>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Toggle {
    round: usize,
    state: State,
}

/// Opposite acts in one round leave an unknown state, because their order is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    On,
    Off,
    Unknown,
}

impl<K> Default for Toggles<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Toggles<K> {
    pub fn set(&mut self, key: K, is_on: bool, round: usize) {
        let state = if is_on { State::On } else { State::Off };
        self.put(key, state, round);
    }

    /// Records an act whose result is unknown.
    pub fn doubt(&mut self, key: K, round: usize) {
        self.put(key, State::Unknown, round);
    }

    fn put(&mut self, key: K, state: State, round: usize) {
        let toggle = self.0.entry(key).or_insert(Toggle { round, state });
        let state = if toggle.round == round && toggle.state != state {
            State::Unknown
        } else {
            state
        };
        *toggle = Toggle { round, state };
    }

    /// Whether it must be on, and whether it may be on.
    pub fn expected(&self, key: &K) -> (bool, bool) {
        let state = self.0.get(key).map_or(State::Off, |toggle| toggle.state);
        (state == State::On, state != State::Off)
    }

    /// Everything that must be on.
    pub fn certain(&self) -> impl Iterator<Item = &K> {
        self.0
            .iter()
            .filter(|(_, toggle)| toggle.state == State::On)
            .map(|(key, _)| key)
    }
}
