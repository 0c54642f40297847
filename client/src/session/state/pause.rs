//! Pauses: the server executes no further sends, or changes of groups, of this user for now. The
//! client repeats the oldest refused request after a while, and the others once that one is not
//! refused any more.

use cairn_proto::ids::RequestId;
use tokio::time::Instant;

use crate::limits;
use crate::session::state::State;
use crate::session::state::in_flight::{Pending, WaitsFor};

/// A pause of the sends, or of all other requests that the server refused for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    Until(Instant),
    /// This request was repeated. Nothing else is, before its answer.
    Trying(RequestId),
}

/// One rate does not delay what another one limits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pauses {
    pub(crate) of_sends: Option<Pause>,
    of_others: Option<Pause>,
}

impl Pauses {
    const fn of(&mut self, is_send: bool) -> &mut Option<Pause> {
        match is_send {
            true => &mut self.of_sends,
            false => &mut self.of_others,
        }
    }

    pub(crate) const fn are_over(&self) -> bool {
        self.of_sends.is_none() && self.of_others.is_none()
    }
}

impl State {
    /// Handles a refusal with `TooFast`.
    pub(crate) fn refused_for_now(&mut self, id: RequestId, pending: Pending) {
        let pause = self.pauses.of(pending.is_send());
        let is_known = match *pause {
            None => false,
            Some(Pause::Until(_)) => true,
            Some(Pause::Trying(tried)) => tried != id,
        };
        if !is_known {
            tracing::warn!(
                seconds = limits::REFUSED_PAUSE.as_secs(),
                "the server allows no more at present; trying again"
            );
            *pause = Some(Pause::Until(Instant::now() + limits::REFUSED_PAUSE));
        }
        self.slots.hold(id, pending, WaitsFor::Pause);
    }

    /// Handles any other answer. Returns whether the writer must be woken.
    pub(crate) fn not_refused_for_now(&mut self, id: RequestId) -> bool {
        let mut are_written = false;
        for is_send in [true, false] {
            let pause = self.pauses.of(is_send);
            if *pause == Some(Pause::Trying(id)) {
                *pause = None;
                self.slots.write_paused(is_send, &mut self.out);
                are_written = true;
            }
        }
        if are_written {
            self.note_if_sent();
        }
        are_written
    }

    /// Repeats requests if it is time for it. Returns when it will be.
    pub(crate) fn try_again(&mut self, now: Instant) -> Option<Instant> {
        if self.pauses.are_over() || !self.is_online() {
            return None;
        }
        let dues = [true, false].map(|is_send| self.try_again_of(is_send, now));
        dues.into_iter().flatten().min()
    }

    fn try_again_of(&mut self, is_send: bool, now: Instant) -> Option<Instant> {
        let Some(Pause::Until(due)) = *self.pauses.of(is_send) else {
            return None;
        };
        // Sends that are still on the way will be refused as well, and come after the first one.
        if is_send && self.slots.has_sends() {
            return None;
        }
        if now < due {
            return Some(due);
        }
        let tried = self.slots.write_first_paused(is_send, &mut self.out);
        *self.pauses.of(is_send) = tried.map(Pause::Trying);
        self.note_if_sent();
        None
    }

    /// Handles the end of the connection: on the next one, everything is repeated in its original
    /// order.
    pub(crate) fn end_pauses(&mut self) {
        self.pauses = Pauses::default();
        self.slots.end_pauses();
    }

    fn note_if_sent(&mut self) {
        if self.slots.has_sends() {
            self.note_sent();
        }
    }
}
