//! Sends beside a search that never ends, compared with sends beside a thread that burns processor
//! time at the same priority.

use std::cell::Cell;
use std::time::Duration;

use cairn_client::Client;
use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::model::search::Query;
use futures_util::future::try_join;
use serde::Serialize;

use crate::error::Result;
use crate::latency::Latencies;
use crate::live::beside::{Control, Sent, send};

/// The time of one turn.
const TURN: Duration = Duration::from_millis(200);

#[derive(Clone, Debug, Serialize)]
pub(super) struct Round {
    /// Messages accepted per second.
    search_per_s: f64,
    control_per_s: f64,
    search_ms: Latencies,
    control_ms: Latencies,
}

impl Round {
    /// How many times faster sends are beside the control.
    pub(super) fn ratio(&self) -> f64 {
        self.control_per_s / self.search_per_s
    }
}

/// Sends beside a search for a word that no message has, and beside the control, in short turns: a
/// disturbance by others meets both alike.
pub(super) async fn round(
    sender: &Client,
    searcher: &Client,
    query: &Query,
    to: ConversationId,
    time: Duration,
) -> Result<Round> {
    let (mut beside_search, mut beside_control) = (Sent::default(), Sent::default());
    while beside_control.time < time {
        let is_over = Cell::new(false);
        let sending = async {
            let sent = send(sender, to, TURN, &mut beside_search).await;
            is_over.set(true);
            sent
        };
        // The last request of the search is awaited, so that it is not left to the other turn.
        let searching = async {
            while !is_over.get() {
                let mut search = searcher.search(query.clone());
                while !is_over.get()
                    && let Some(page) = search.next_page().await
                {
                    page?;
                }
            }
            Ok(())
        };
        try_join(sending, searching).await?;
        let control = Control::of_search();
        send(sender, to, TURN, &mut beside_control).await?;
        drop(control);
    }
    Ok(Round {
        search_per_s: beside_search.per_s(),
        control_per_s: beside_control.per_s(),
        search_ms: beside_search.latencies,
        control_ms: beside_control.latencies,
    })
}
