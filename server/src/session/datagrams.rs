//! Typing datagrams from one client.

use std::sync::Arc;

use cairn_proto::limits::{DATAGRAM_BYTES_MAX, TYPING_INTERVAL};
use cairn_proto::wire::codec;
use cairn_proto::wire::typing::ClientDatagram;
use tokio::time::Instant;

use crate::session::Session;
use crate::shared::Shared;

/// Receives datagrams until the connection ends. Malformed and too frequent ones are ignored.
pub(crate) async fn receive(shared: Arc<Shared>, session: Arc<Session>) {
    let mut last: Option<Instant> = None;
    while let Ok(datagram) = session.connection.read_datagram().await {
        let is_early = last.is_some_and(|last| last.elapsed() < TYPING_INTERVAL / 2);
        let Ok(ClientDatagram::Typing { conversation }) =
            codec::decode(&datagram, DATAGRAM_BYTES_MAX)
        else {
            continue;
        };
        shared.hub.record_activity(&session, Instant::now());
        if !is_early {
            last = Some(Instant::now());
            shared.hub.typing(&session, conversation);
        }
    }
}
