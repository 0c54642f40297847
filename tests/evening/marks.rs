//! What people put somewhere and take away again, as far as it can be known from outside.

use std::collections::BTreeMap;

/// Marks by what they are on.
#[derive(Debug)]
pub struct Marks<K>(BTreeMap<K, UnreadMarker>);

/// What is known of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UnreadMarker {
    round: usize,
    state: State,
}

/// Of what happens in the same round nobody knows what comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    There,
    Gone,
    Either,
}

impl<K> Default for Marks<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Marks<K> {
    /// Somebody put it there, or took it away.
    pub fn note(&mut self, key: K, is_there: bool, round: usize) {
        self.set(
            key,
            if is_there { State::There } else { State::Gone },
            round,
        );
    }

    /// Nobody knows what came of what somebody did.
    pub fn doubt(&mut self, key: K, round: usize) {
        self.set(key, State::Either, round);
    }

    fn set(&mut self, key: K, state: State, round: usize) {
        let mark = self.0.entry(key).or_insert(UnreadMarker { round, state });
        let state = if mark.round == round && mark.state != state {
            State::Either
        } else {
            state
        };
        *mark = UnreadMarker { round, state };
    }

    /// Whether it must be there, and whether it may be.
    pub fn expected(&self, key: &K) -> (bool, bool) {
        let state = self.0.get(key).map_or(State::Gone, |mark| mark.state);
        (state == State::There, state != State::Gone)
    }

    /// Everything that must be there.
    pub fn sure(&self) -> impl Iterator<Item = &K> {
        self.0
            .iter()
            .filter(|(_, mark)| mark.state == State::There)
            .map(|(key, _)| key)
    }
}
