//! Room that is promised to uploads before they are stored, and who of several goes on with the same upload.
//!
//! An upload under way takes what was announced; one that broke off takes what has arrived of it, until somebody goes on with it or it is
//! swept. Both count as a whole file of that length would.

use std::sync::Arc;

use cairn_proto::attachment::AttachmentHash;
use cairn_proto::error::ErrorCode;
use cairn_proto::ids::UserId;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, Notify, OwnedMutexGuard};

use crate::core::attachment::charged_bytes;
use crate::limits::PARTIALS_PER_USER_MAX;
use crate::store::attachments::Begun;

/// What is reserved, by user and attachment.
#[derive(Clone, Debug, Default)]
pub(super) struct Reservations(Arc<Mutex<HashMap<UserId, HashMap<AttachmentHash, Reserved>>>>);

#[derive(Debug, Default)]
struct Reserved {
    bytes: u64,
    /// Told when a later connection goes on with the upload; there is one while it is under way.
    taken_over: Option<Arc<Notify>>,
    turn: Arc<Turn<()>>,
}

/// The right to write to one upload.
#[derive(Debug)]
pub(super) struct Reservation {
    of: Reservations,
    user: UserId,
    hash: AttachmentHash,
    taken_over: Arc<Notify>,
    /// What of it takes room on disk when it breaks off.
    pub(super) arrived_bytes: u64,
    _turn: OwnedMutexGuard<()>,
}

impl Reservations {
    /// What uploads that broke off take.
    #[must_use]
    pub(super) fn begun(begun: &[Begun]) -> Self {
        let reservations = Self::default();
        for begun in begun {
            let reserved = Reserved { bytes: begun.bytes, ..Reserved::default() };
            reservations.0.lock().entry(begun.user).or_default().insert(begun.hash, reserved);
        }
        reservations
    }

    /// Reserves what an upload will take, and waits until whoever was at it has let go: the connection before may be gone without the
    /// server having noticed.
    ///
    /// # Errors
    /// [`ErrorCode::QuotaReached`] when it does not fit into `room` beside the user's other uploads, or there are too many of them.
    pub(super) async fn take(&self, user: UserId, hash: AttachmentHash, bytes: u64, room: u64) -> Result<Reservation, ErrorCode> {
        let taken_over = Arc::new(Notify::new());
        let turn = {
            let mut all = self.0.lock();
            let own = all.entry(user).or_default();
            let others = own.iter().filter(|(other, _)| **other != hash).map(|(_, reserved)| charged_bytes(reserved.bytes));
            let fits = others.fold(charged_bytes(bytes), u64::saturating_add) <= room;
            if !fits || (own.len() >= PARTIALS_PER_USER_MAX && !own.contains_key(&hash)) {
                return Err(ErrorCode::QuotaReached);
            }
            let reserved = own.entry(hash).or_default();
            reserved.bytes = bytes;
            if let Some(before) = reserved.taken_over.replace(taken_over.clone()) {
                before.notify_one();
            }
            reserved.turn.clone()
        };
        let turn = turn.lock_owned().await;
        Ok(Reservation { of: self.clone(), user, hash, taken_over, arrived_bytes: 0, _turn: turn })
    }

    /// Takes an upload that nobody is at, for it to be removed; `None` when somebody is.
    #[must_use]
    pub(super) fn take_idle(&self, user: UserId, hash: AttachmentHash) -> Option<Reservation> {
        let mut all = self.0.lock();
        let reserved = all.entry(user).or_default().entry(hash).or_default();
        if reserved.taken_over.is_some() {
            return None;
        }
        let turn = reserved.turn.clone().try_lock_owned().ok()?;
        let taken_over = Arc::new(Notify::new());
        reserved.taken_over = Some(taken_over.clone());
        Some(Reservation { of: self.clone(), user, hash, taken_over, arrived_bytes: reserved.bytes, _turn: turn })
    }
}

impl Reservation {
    /// Resolves when somebody else goes on with the upload.
    pub(super) async fn taken_over(&self) {
        self.taken_over.notified().await;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut all = self.of.0.lock();
        let Some(own) = all.get_mut(&self.user) else { return };
        let Some(reserved) = own.get_mut(&self.hash) else { return };
        if !reserved.taken_over.as_ref().is_some_and(|current| Arc::ptr_eq(current, &self.taken_over)) {
            return;
        }
        reserved.taken_over = None;
        reserved.bytes = self.arrived_bytes;
        if self.arrived_bytes == 0 {
            own.remove(&self.hash);
        }
        if own.is_empty() {
            all.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::new(1);

    fn hash(number: u8) -> AttachmentHash {
        AttachmentHash::new([number; 32])
    }

    #[tokio::test]
    async fn uploads_under_way_and_broken_off_take_room() {
        let reservations = Reservations::default();
        let room = charged_bytes(60_000) + charged_bytes(40_000);
        let mut first = reservations.take(ADA, hash(1), 60_000, room).await.unwrap();
        assert_eq!(reservations.take(ADA, hash(2), 41_000, room).await.unwrap_err(), ErrorCode::QuotaReached);
        let second = reservations.take(ADA, hash(2), 40_000, room).await.unwrap();
        assert_eq!(
            reservations.take(ADA, hash(3), 0, room).await.unwrap_err(),
            ErrorCode::QuotaReached,
            "an empty file takes room as well"
        );
        assert!(reservations.take(UserId::new(2), hash(2), 90_000, room).await.is_ok(), "others have room of their own");
        first.arrived_bytes = 10_000;
        drop((first, second));
        assert_eq!(reservations.take(ADA, hash(3), 91_000, room).await.unwrap_err(), ErrorCode::QuotaReached);
        assert!(reservations.take(ADA, hash(3), 90_000, room).await.is_ok());
        reservations.take_idle(ADA, hash(1)).unwrap().arrived_bytes = 0;
        assert!(reservations.take(ADA, hash(3), 100_000, room).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_comes_later_goes_on_when_the_former_has_let_go() {
        let reservations = Reservations::default();
        let former = reservations.take(ADA, hash(1), 60, 10_000).await.unwrap();
        assert!(reservations.take_idle(ADA, hash(1)).is_none(), "somebody is at it");
        let later = tokio::spawn({
            let reservations = reservations.clone();
            async move { reservations.take(ADA, hash(1), 60, 10_000).await.unwrap() }
        });
        former.taken_over().await;
        drop(former);
        let later = later.await.unwrap();
        assert!(reservations.take_idle(ADA, hash(1)).is_none(), "the later one is at it");
        drop(later);
        assert!(reservations.take_idle(ADA, hash(1)).is_some());
    }
}
