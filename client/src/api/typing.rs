//! Typing: what goes by datagram, and may be lost.

use std::convert::Infallible;
use std::task::Waker;

use cairn_proto::ids::ConversationId;
use cairn_proto::limits::{DATAGRAM_BYTES_MAX, TYPING_INTERVAL};
use cairn_proto::wire::codec;
use cairn_proto::wire::typing::{ClientDatagram, ServerDatagram};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::session::shared::Shared;
use crate::stream::events::Event;
use crate::transport::link::{Link, Lost};

/// Where the user types, and that it is to be told.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    told: Mutex<Option<(ConversationId, Instant)>>,
    wake: Notify,
}

impl Typing {
    /// The user types here. It is told when it has not been for a while.
    pub(crate) fn note(&self, conversation: ConversationId) {
        let mut told = self.told.lock();
        if told.is_none_or(|(last, at)| last != conversation || at.elapsed() >= TYPING_INTERVAL) {
            *told = Some((conversation, Instant::now()));
            self.wake.notify_one();
        }
    }
}

/// Says that the user types, whenever he does.
pub(crate) async fn write_datagrams(shared: &Shared, link: &Link) -> Infallible {
    loop {
        shared.typing.wake.notified().await;
        let told = *shared.typing.told.lock();
        if let Some((conversation, _)) = told {
            link.send_datagram(codec::encode(&ClientDatagram::Typing { conversation }));
        }
    }
}

/// Tells who else types, until the connection is over.
pub(crate) async fn read_datagrams(shared: &Shared, link: &Link) -> Lost {
    loop {
        match link.read_datagram().await {
            Ok(datagram) => {
                // A later version's are passed over: nothing depends on any.
                if let Ok(ServerDatagram::Typing { conversation, user }) =
                    codec::decode(&datagram, DATAGRAM_BYTES_MAX)
                {
                    let mut wakers = Vec::new();
                    shared
                        .state
                        .lock()
                        .tell(&Event::Typing { conversation, user }, &mut wakers);
                    wakers.into_iter().for_each(Waker::wake);
                }
            }
            Err(lost) => return lost,
        }
    }
}
