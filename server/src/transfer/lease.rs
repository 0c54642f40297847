//! Upload leases: the quota that unfinished uploads reserve, and which connection may write to an
//! upload.
//!
//! A running upload reserves its announced size; an interrupted one the bytes that arrived, until
//! it is resumed or removed. Both are charged like a stored file of that size.

use std::sync::Arc;
use std::time::Duration;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::wire::error::ErrorCode;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use crate::limits::{PARTIALS_PER_USER_MAX, UPLOAD_HELD_SILENCE_MAX};
use cairn_core::attachment::charged_bytes;
use cairn_store::files::attachments::{Unfinished, Uploader};

/// Reserved bytes, by uploader and attachment.
#[derive(Clone, Debug, Default)]
pub(super) struct Reservations(Arc<Mutex<HashMap<Uploader, HashMap<AttachmentHash, Reserved>>>>);

#[derive(Debug, Default)]
struct Reserved {
    bytes: u64,
    /// The holder, while the upload is running.
    holder: Option<Arc<LeaseHolder>>,
}

#[derive(Debug)]
pub(super) enum Taken {
    Free(Reservation),
    /// Another connection holds the lease.
    Held(Arc<LeaseHolder>),
}

/// The holder of a lease, for those who wait for it.
#[derive(Debug)]
pub(super) struct LeaseHolder {
    /// Since when the holder waits for its client.
    waits_since: Mutex<Option<Instant>>,
    /// Notified when the holder must release the lease.
    is_preempted: Notify,
    /// Closed when the lease is released.
    released: watch::Receiver<()>,
}

/// The right to write to one upload.
#[derive(Debug)]
pub(super) struct Reservation {
    of: Reservations,
    uploader: Uploader,
    hash: AttachmentHash,
    holder: Arc<LeaseHolder>,
    /// Bytes to keep reserved if the upload is interrupted.
    pub(super) arrived_bytes: u64,
    _preempt: watch::Sender<()>,
}

impl Reservations {
    /// Creates the reservations of interrupted uploads.
    #[must_use]
    pub(super) fn of_unfinished(unfinished: &[Unfinished]) -> Self {
        let reservations = Self::default();
        for unfinished in unfinished {
            let reserved = Reserved {
                bytes: unfinished.bytes,
                holder: None,
            };
            reservations
                .0
                .lock()
                .entry(unfinished.uploader)
                .or_default()
                .insert(unfinished.hash, reserved);
        }
        reservations
    }

    /// Reserves quota for an upload, unless another connection holds its lease.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::QuotaReached`] when it does not fit into `quota_left` in addition to their
    /// other uploads; [`ErrorCode::LimitReached`] when there are too many of them.
    pub(super) fn take(
        &self,
        uploader: Uploader,
        hash: AttachmentHash,
        bytes: u64,
        quota_left: u64,
    ) -> Result<Taken, ErrorCode> {
        let mut all = self.0.lock();
        let own = all.entry(uploader).or_default();
        if let Some(holder) = own.get(&hash).and_then(|reserved| reserved.holder.clone()) {
            return Ok(Taken::Held(holder));
        }
        let others = own
            .iter()
            .filter(|(other, _)| **other != hash)
            .map(|(_, reserved)| charged_bytes(reserved.bytes));
        let fits = others.fold(charged_bytes(bytes), u64::saturating_add) <= quota_left;
        let refusal = match fits {
            true if own.len() < PARTIALS_PER_USER_MAX || own.contains_key(&hash) => None,
            true => Some(ErrorCode::LimitReached),
            false => Some(ErrorCode::QuotaReached),
        };
        if let Some(code) = refusal {
            if own.is_empty() {
                all.remove(&uploader);
            }
            return Err(code);
        }
        let reserved = own.entry(hash).or_default();
        let arrived_bytes = std::mem::replace(&mut reserved.bytes, bytes);
        Ok(Taken::Free(self.hold(
            uploader,
            hash,
            arrived_bytes,
            reserved,
        )))
    }

    /// Takes the lease of an idle upload, to remove it; `None` when it is held.
    #[must_use]
    pub(super) fn take_idle(
        &self,
        uploader: Uploader,
        hash: AttachmentHash,
    ) -> Option<Reservation> {
        let mut all = self.0.lock();
        let reserved = all.entry(uploader).or_default().entry(hash).or_default();
        reserved
            .holder
            .is_none()
            .then(|| self.hold(uploader, hash, reserved.bytes, reserved))
    }

    fn hold(
        &self,
        uploader: Uploader,
        hash: AttachmentHash,
        arrived_bytes: u64,
        reserved: &mut Reserved,
    ) -> Reservation {
        let (preempt, released) = watch::channel(());
        let holder = Arc::new(LeaseHolder {
            waits_since: Mutex::new(None),
            is_preempted: Notify::new(),
            released,
        });
        reserved.holder = Some(holder.clone());
        Reservation {
            of: self.clone(),
            uploader,
            hash,
            holder,
            arrived_bytes,
            _preempt: preempt,
        }
    }
}

impl LeaseHolder {
    /// Waits until the lease is released. A holder whose client has been silent for a while is
    /// preempted: its connection may be dead without the server having noticed.
    pub(super) async fn preempt(&self) {
        let mut released = self.released.clone();
        // Fails when the lease is dropped; no value is ever sent.
        while timeout(self.wait_timeout(), released.changed())
            .await
            .is_err()
        {
            if self.wait_timeout().is_zero() {
                self.is_preempted.notify_one();
                let _ = released.changed().await;
                return;
            }
        }
    }

    /// Returns how much longer the client may be silent.
    fn wait_timeout(&self) -> Duration {
        let silence = self.waits_since.lock().map(|since| since.elapsed());
        UPLOAD_HELD_SILENCE_MAX.saturating_sub(silence.unwrap_or_default())
    }
}

impl Reservation {
    /// Waits for the client. Returns `None` when the lease was preempted.
    pub(super) async fn read_or_preempted<T>(&self, client: impl Future<Output = T>) -> Option<T> {
        *self.holder.waits_since.lock() = Some(Instant::now());
        let heard = tokio::select! {
            biased;
            heard = client => Some(heard),
            () = self.holder.is_preempted.notified() => None,
        };
        *self.holder.waits_since.lock() = None;
        heard
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut all = self.of.0.lock();
        let Some(own) = all.get_mut(&self.uploader) else {
            return;
        };
        match self.arrived_bytes {
            0 => drop(own.remove(&self.hash)),
            bytes => drop(own.insert(
                self.hash,
                Reserved {
                    bytes,
                    holder: None,
                },
            )),
        }
        if own.is_empty() {
            all.remove(&self.uploader);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use cairn_proto::ids::UserId;

    use super::*;

    const ADA: Uploader = Uploader::User(UserId::new(1));
    const QUOTA: u64 = 1 << 20;

    fn hash(number: u8) -> AttachmentHash {
        AttachmentHash::new([number; 32])
    }

    fn free(taken: Result<Taken, ErrorCode>) -> Reservation {
        match taken {
            Ok(Taken::Free(reservation)) => reservation,
            other => panic!("{other:?}"),
        }
    }

    fn held(taken: Result<Taken, ErrorCode>) -> Arc<LeaseHolder> {
        match taken {
            Ok(Taken::Held(holder)) => holder,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn running_and_interrupted_uploads_reserve_quota() {
        let reservations = Reservations::default();
        let quota_left = charged_bytes(60_000) + charged_bytes(40_000);
        let mut first = free(reservations.take(ADA, hash(1), 60_000, quota_left));
        assert_eq!(
            reservations
                .take(ADA, hash(2), 41_000, quota_left)
                .unwrap_err(),
            ErrorCode::QuotaReached
        );
        let second = free(reservations.take(ADA, hash(2), 40_000, quota_left));
        assert_eq!(
            reservations.take(ADA, hash(3), 0, quota_left).unwrap_err(),
            ErrorCode::QuotaReached,
            "an empty file takes quota_left as well"
        );
        drop(free(reservations.take(
            Uploader::User(UserId::new(2)),
            hash(2),
            90_000,
            quota_left,
        )));
        first.arrived_bytes = 10_000;
        drop((first, second));
        assert_eq!(
            reservations
                .take(ADA, hash(3), 91_000, quota_left)
                .unwrap_err(),
            ErrorCode::QuotaReached
        );
        drop(free(reservations.take(ADA, hash(3), 90_000, quota_left)));
        assert_eq!(
            free(reservations.take(ADA, hash(1), 60_000, quota_left)).arrived_bytes,
            10_000,
            "what arrived stays reserved"
        );
        reservations.take_idle(ADA, hash(1)).unwrap().arrived_bytes = 0;
        drop(free(reservations.take(ADA, hash(3), 100_000, quota_left)));
    }

    #[test]
    fn unfinished_uploads_are_limited_in_number() {
        let reservations = Reservations::default();
        let unfinished: Vec<_> = (0..PARTIALS_PER_USER_MAX)
            .map(|number| free(reservations.take(ADA, hash(number as u8), 1, QUOTA)))
            .collect();
        assert_eq!(
            reservations.take(ADA, hash(255), 1, QUOTA).unwrap_err(),
            ErrorCode::LimitReached
        );
        drop(unfinished);
        drop(free(reservations.take(ADA, hash(255), 1, QUOTA)));
    }

    #[tokio::test(start_paused = true)]
    async fn active_upload_is_not_preempted() {
        let reservations = Reservations::default();
        let former = free(reservations.take(ADA, hash(1), 60, QUOTA));
        assert!(
            reservations.take_idle(ADA, hash(1)).is_none(),
            "the lease is held"
        );
        let holder = held(reservations.take(ADA, hash(1), 60, QUOTA));
        let at_it = async {
            for _ in 0..20 {
                assert!(
                    former
                        .read_or_preempted(tokio::time::sleep(UPLOAD_HELD_SILENCE_MAX / 2))
                        .await
                        .is_some()
                );
                // Time spent on the disk does not count as silence.
                tokio::time::sleep(UPLOAD_HELD_SILENCE_MAX * 2).await;
            }
            drop(former);
        };
        let started = Instant::now();
        tokio::join!(at_it, holder.preempt());
        assert!(started.elapsed() >= UPLOAD_HELD_SILENCE_MAX * 50);
        drop(free(reservations.take(ADA, hash(1), 60, QUOTA)));
    }

    #[tokio::test(start_paused = true)]
    async fn silent_upload_is_preempted() {
        let reservations = Reservations::default();
        let former = free(reservations.take(ADA, hash(1), 60, QUOTA));
        let holder = held(reservations.take(ADA, hash(1), 60, QUOTA));
        let at_it = async {
            assert_eq!(former.read_or_preempted(pending::<()>()).await, None);
            drop(former);
        };
        let started = Instant::now();
        tokio::join!(at_it, holder.preempt());
        assert!(started.elapsed() < UPLOAD_HELD_SILENCE_MAX * 2);
        let later = free(reservations.take(ADA, hash(1), 60, QUOTA));
        assert!(
            reservations.take_idle(ADA, hash(1)).is_none(),
            "the later one is at it"
        );
        drop(later);
        assert!(reservations.take_idle(ADA, hash(1)).is_some());
    }
}
