//! Seats: how many sessions a device and a principal may have, and which session makes room for a
//! new one. They are taken in the order of the decisions, so the sequencer knows who is connected.

use std::sync::Arc;

use cairn_proto::ids::DeviceId;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::limits::{
    SESSION_IDLE_TIME_MIN, SESSIONS_OF_MANY_MAX, SESSIONS_PER_DEVICE_MAX, SESSIONS_PER_USER_MAX,
};
use crate::principal::Principal;
use crate::session::Session;

#[derive(Debug, Default)]
pub(crate) struct Seats(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// Sessions in the order of their logins.
    of: HashMap<Principal, Vec<Seat>>,
    count: usize,
}

#[derive(Debug)]
struct Seat {
    device: DeviceId,
    session: Arc<Session>,
}

impl Seats {
    /// Takes a seat for a session that is about to log in. If there is none, the longest idle
    /// session of the same device or principal is closed.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::TooManySessions`] when none of those is idle.
    pub(crate) fn take(
        &self,
        session: &Arc<Session>,
        principal: Principal,
        device: DeviceId,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        let mut taken = self.0.lock();
        taken.make_room(principal, device, now)?;
        // One that has left already would never leave again.
        if !session.is_over() && session.seat.set(principal).is_ok() {
            taken.count += 1;
            taken.of.entry(principal).or_default().push(Seat {
                device,
                session: session.clone(),
            });
        }
        Ok(())
    }

    /// Returns whether a session of this principal wants pushes: someone is there to see them.
    #[must_use]
    pub(crate) fn is_present(&self, principal: Principal) -> bool {
        let taken = self.0.lock();
        let mut seats = taken.of.get(&principal).into_iter().flatten();
        seats.any(|seat| seat.session.push.is_some())
    }

    /// Releases the seat of a session, if it has one. The session is over.
    pub(crate) fn leave(&self, session: &Arc<Session>) {
        let mut taken = self.0.lock();
        if let Some(&principal) = session.seat.get() {
            taken.remove(principal, session);
        }
    }
}

impl Taken {
    fn make_room(
        &mut self,
        principal: Principal,
        device: DeviceId,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        let seats = self.of.get(&principal).map_or(&[][..], Vec::as_slice);
        let of_device = || seats.iter().filter(|seat| seat.device == device);
        // Some connections are left to users who have no session.
        let is_crowded = !seats.is_empty() && self.count >= SESSIONS_OF_MANY_MAX;
        let leaves = if of_device().count() >= SESSIONS_PER_DEVICE_MAX {
            longest_idle(of_device(), now)
        } else if seats.len() >= SESSIONS_PER_USER_MAX || is_crowded {
            longest_idle(seats.iter(), now)
        } else {
            return Ok(());
        };
        let leaves = leaves.ok_or(ErrorCode::TooManySessions)?;
        leaves.connection.close(CloseCode::Rate);
        self.remove(principal, &leaves);
        Ok(())
    }

    fn remove(&mut self, principal: Principal, session: &Arc<Session>) {
        let Some(seats) = self.of.get_mut(&principal) else {
            return;
        };
        let before = seats.len();
        seats.retain(|seat| !Arc::ptr_eq(&seat.session, session));
        self.count -= before - seats.len();
        if seats.is_empty() {
            self.of.remove(&principal);
        }
    }
}

/// Returns the session that has been idle for the longest time, if any is idle. Those that follow
/// conversations go last: someone may be looking at them.
fn longest_idle<'a>(seats: impl Iterator<Item = &'a Seat>, now: Instant) -> Option<Arc<Session>> {
    let idle = seats.filter_map(|seat| {
        let since = seat.session.idle_since()?;
        let is_idle = now.saturating_duration_since(since) >= SESSION_IDLE_TIME_MIN;
        is_idle.then_some((seat.session.push.is_some(), since, seat))
    });
    let (_, _, seat) = idle.min_by_key(|&(is_pushed, since, _)| (is_pushed, since))?;
    Some(seat.session.clone())
}

#[cfg(test)]
mod tests;
