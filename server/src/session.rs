//! A session: one live connection of a device, and what the hub knows of it.

mod account;
pub(crate) mod activity;
pub(crate) mod admission;
pub(crate) mod connection;
pub(crate) mod datagrams;
pub(crate) mod downloads;
pub(crate) mod login;
pub(crate) mod password;
pub(crate) mod registration;
pub(crate) mod reply_to;
pub(crate) mod requests;
pub(crate) mod secret_hash;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use cairn_core::Asked;
use cairn_core::api::actor::Actor;
use cairn_proto::ids::{ConversationId, MsgId, Revision, UserId, VisitorId};
use cairn_proto::model::presence::{DeviceKind, PresentDevice};
use cairn_proto::model::receipts::Reads;
use cairn_proto::wire::request::MessageRequest;
use cairn_store::timeline::Timeline;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::delivery::outbox::Outbox;
use crate::delivery::push::Push;
use crate::desk::visit::Visit;
use crate::principal::{self, Principal};
use crate::session::activity::Activity;
use crate::session::downloads::Downloads;
use crate::transport::Connection;

#[derive(Debug)]
pub(crate) struct Session {
    /// Higher than those of earlier sessions.
    pub(crate) number: u64,
    pub(crate) connection: Connection,
    pub(crate) outbox: Outbox,
    /// Delivery state, if the client wants pushes.
    pub(crate) push: Option<Push>,
    actor: OnceLock<Actor>,
    /// Of a visitor of the support desk.
    visit: OnceLock<Box<Visit>>,
    /// Whose seat the session has. Set under the lock of the seats.
    pub(crate) seat: OnceLock<Principal>,
    is_over: AtomicBool,
    transfers: AtomicUsize,
    /// Set once something may have been sent on the send stream.
    has_sent: AtomicBool,
    readable: Mutex<HashMap<ConversationId, Readable>>,
    downloads: Downloads,
    pub(crate) activity: Activity,
    /// The presence that the client reports.
    pub(crate) present: Mutex<PresentDevice>,
    pub(crate) watched: Mutex<Vec<UserId>>,
    pub(crate) focus: Mutex<Option<ConversationId>>,
    /// Whether read receipts were visible when this session focused the conversation.
    pub(crate) sees_reads: Mutex<Reads>,
}

/// Sessions of this process so far.
static SESSIONS: AtomicU64 = AtomicU64::new(0);

/// A conversation that a session may read.
#[derive(Clone, Debug)]
pub(crate) struct Readable {
    pub(crate) timeline: Arc<Timeline>,
    /// Everything up to here is hidden from the session.
    pub(crate) floor: MsgId,
}

/// A transfer of a session.
#[derive(Debug)]
pub(crate) struct Transferring(Arc<Session>);

impl Drop for Transferring {
    fn drop(&mut self) {
        self.0.outbox.touch(Instant::now());
        self.0.transfers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Session {
    /// Creates a session that is not authenticated yet.
    #[must_use]
    pub(crate) fn new(connection: Connection, push: bool) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            number: SESSIONS.fetch_add(1, Ordering::Relaxed),
            connection,
            outbox: Outbox::new(now),
            push: push.then(Push::default),
            actor: OnceLock::new(),
            visit: OnceLock::new(),
            seat: OnceLock::new(),
            is_over: AtomicBool::new(false),
            transfers: AtomicUsize::new(0),
            has_sent: AtomicBool::new(false),
            readable: Mutex::default(),
            downloads: Downloads::default(),
            activity: Activity::new(now),
            present: Mutex::new(PresentDevice {
                kind: DeviceKind::Unknown,
                is_away: false,
            }),
            watched: Mutex::default(),
            focus: Mutex::default(),
            sees_reads: Mutex::default(),
        })
    }

    /// Returns the user and device, once authenticated.
    #[must_use]
    pub(crate) fn actor(&self) -> Option<Actor> {
        self.actor.get().copied()
    }

    /// Returns the visitor, if it is the session of one.
    #[must_use]
    pub(crate) fn visitor(&self) -> Option<VisitorId> {
        self.actor().and_then(principal::visitor_of)
    }

    /// Makes it the session of a visitor. Later calls have no effect.
    pub(crate) fn begin_visit(&self, visit: Visit) {
        let _ = self.visit.set(Box::new(visit));
    }

    #[must_use]
    pub(crate) fn visit(&self) -> Option<&Visit> {
        self.visit.get().map(|visit| &**visit)
    }

    /// Records that earlier sessions sent on the send stream.
    pub(crate) fn resume_stream(&self) {
        self.has_sent.store(true, Ordering::Relaxed);
    }

    /// Returns the author of a request. The first send of a new stream is not the retry of any.
    pub(crate) fn author_of(&self, asked: &Asked, actor: Actor) -> Actor {
        let is_send = matches!(
            asked,
            Asked::Message(MessageRequest::Send(_) | MessageRequest::Forward(_))
        );
        match is_send {
            true => self.author_of_send(actor),
            false => actor,
        }
    }

    /// Returns the author of a message, likewise.
    pub(crate) fn author_of_send(&self, actor: Actor) -> Actor {
        if self.has_sent.swap(true, Ordering::Relaxed) {
            return actor;
        }
        let stream_began = Revision::MAX;
        Actor {
            stream_began,
            ..actor
        }
    }

    /// Returns whether the session has left the hub, or never will be in it.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Marks the session as over. The hub's lock is held here and in [`Session::is_over`].
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Returns since when the session has neither a request nor a transfer; `None` while it has.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let has_transfers = self.transfers.load(Ordering::Relaxed) > 0;
        self.outbox.idle_since().filter(|_| !has_transfers)
    }

    /// Counts a transfer while the guard lives.
    pub(crate) fn start_transfer(self: &Arc<Self>) -> Transferring {
        self.transfers.fetch_add(1, Ordering::Relaxed);
        Transferring(self.clone())
    }

    /// Returns the presence that others see. Bots never count as idle.
    pub(crate) fn shown(&self) -> PresentDevice {
        let said = *self.present.lock();
        PresentDevice {
            is_away: said.is_away || (said.kind != DeviceKind::Bot && self.activity.is_idle()),
            ..said
        }
    }

    /// Returns what [`Session::grant`] allowed.
    #[must_use]
    pub(crate) fn readable(&self, conversation: ConversationId) -> Option<Readable> {
        self.readable.lock().get(&conversation).cloned()
    }

    /// Sets the user and device. Later calls have no effect.
    pub(crate) fn authenticate(&self, actor: Actor) {
        let _ = self.actor.set(actor);
    }

    /// Lets the session read a conversation without asking the sequencer.
    pub(crate) fn grant(&self, readable: Readable) {
        let conversation = readable.timeline.conversation();
        self.readable.lock().insert(conversation, readable);
    }

    /// Ends what [`Session::grant`] allowed, and the downloads.
    pub(crate) fn revoke(&self, conversation: ConversationId) {
        self.readable.lock().remove(&conversation);
        self.downloads.revoke(conversation);
    }
}
