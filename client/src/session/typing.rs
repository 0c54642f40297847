//! Typing indicators, sent as datagrams.

use std::convert::Infallible;

use cairn_proto::ids::ConversationId;
use cairn_proto::limits::TYPING_INTERVAL;
use cairn_proto::wire::codec;
use cairn_proto::wire::typing::ClientDatagram;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::transport::Link;

/// The latest typing indicator.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    latest: Mutex<Option<(ConversationId, Instant)>>,
    wake: Notify,
}

impl Typing {
    /// Records that the user is typing, and wakes the sender at most once per [`TYPING_INTERVAL`].
    pub(crate) fn note(&self, conversation: ConversationId) {
        let mut latest = self.latest.lock();
        if latest.is_none_or(|(last, at)| last != conversation || at.elapsed() >= TYPING_INTERVAL) {
            *latest = Some((conversation, Instant::now()));
            self.wake.notify_one();
        }
    }
}

/// Sends typing indicators for as long as the connection lasts.
pub(crate) async fn write_datagrams(typing: &Typing, link: &Link) -> Infallible {
    loop {
        typing.wake.notified().await;
        let latest = *typing.latest.lock();
        if let Some((conversation, _)) = latest {
            link.send_datagram(codec::encode(&ClientDatagram::Typing { conversation }));
        }
    }
}
