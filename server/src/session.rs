//! A session: one live connection of a device, and what the hub knows of it.

pub(crate) mod activity;
pub(crate) mod connection;
pub(crate) mod datagrams;
pub(crate) mod login;
pub(crate) mod password;
pub(crate) mod rate_limit;
pub(crate) mod requests;
pub(crate) mod secret_hash;

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use cairn_core::api::actor::Actor;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::presence::{DeviceKind, PresentDevice};
use cairn_proto::model::receipts::Reads;
use cairn_store::timeline::Timeline;
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::delivery::outbox::Outbox;
use crate::delivery::push::Push;
use crate::session::activity::Activity;

/// One live connection of a device.
#[derive(Debug)]
pub(crate) struct Session {
    /// The connection.
    pub(crate) connection: quinn::Connection,
    /// The answers to its requests.
    pub(crate) outbox: Outbox,
    /// What it is pushed, if it wants to be.
    pub(crate) push: Option<Push>,
    actor: OnceLock<Actor>,
    readable: Mutex<HashMap<ConversationId, Readable>>,
    /// When there last was activity.
    pub(crate) activity: Activity,
    /// What its client says that others are told of it.
    pub(crate) present: Mutex<PresentDevice>,
    /// Whose presence it watches.
    pub(crate) watched: Mutex<Vec<UserId>>,
    /// The conversation that it shows.
    pub(crate) focus: Mutex<Option<ConversationId>>,
    /// Whether its user was shown what others have read when it began to look.
    pub(crate) sees_reads: Mutex<Reads>,
}

/// A conversation that a session may read.
#[derive(Clone, Debug)]
pub(crate) struct Readable {
    /// Its log.
    pub(crate) timeline: Arc<Timeline>,
    /// Everything up to here is not for the session.
    pub(crate) floor: MsgId,
}

impl Session {
    /// A session that has not logged in yet.
    #[must_use]
    pub(crate) fn new(connection: quinn::Connection, push: bool) -> Arc<Self> {
        Arc::new(Self {
            connection,
            outbox: Outbox::default(),
            push: push.then(Push::default),
            actor: OnceLock::new(),
            readable: Mutex::default(),
            activity: Activity::new(Instant::now()),
            present: Mutex::new(PresentDevice {
                kind: DeviceKind::Unknown,
                is_away: false,
            }),
            watched: Mutex::default(),
            focus: Mutex::default(),
            sees_reads: Mutex::default(),
        })
    }

    /// Whose session it is, once it has logged in.
    #[must_use]
    pub(crate) fn actor(&self) -> Option<Actor> {
        self.actor.get().copied()
    }

    /// What others are told of it. Nobody's activity is expected of a bot.
    pub(crate) fn shown(&self) -> PresentDevice {
        let said = *self.present.lock();
        PresentDevice {
            is_away: said.is_away || (said.kind != DeviceKind::Bot && self.activity.is_idle()),
            ..said
        }
    }

    /// A conversation that the session was found to be allowed to read.
    #[must_use]
    pub(crate) fn readable(&self, conversation: ConversationId) -> Option<Readable> {
        self.readable.lock().get(&conversation).cloned()
    }

    /// Sets whose session it is, once.
    pub(crate) fn authenticate(&self, actor: Actor) {
        let _ = self.actor.set(actor);
    }

    /// Lets the session read a conversation without asking again.
    pub(crate) fn grant(&self, readable: Readable) {
        let conversation = readable.timeline.conversation();
        self.readable.lock().insert(conversation, readable);
    }

    /// Ends what [`Session::grant`] allowed.
    pub(crate) fn revoke(&self, conversation: ConversationId) {
        self.readable.lock().remove(&conversation);
    }
}
