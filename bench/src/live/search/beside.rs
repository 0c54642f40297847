//! Sends beside a search that never ends, compared with sends beside a thread that burns processor
//! time at the same priority.

use std::cell::Cell;
use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::model::search::Query;
use cairn_client::proto::text::Text;
use cairn_client::{Accepted, Client};
use futures_util::future::try_join;
use serde::Serialize;
use tokio::time::Instant;

use crate::error::Result;
use crate::latency::Latencies;

/// Unanswered sends at a time.
const IN_FLIGHT: usize = 16;

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
        let control = Control::start();
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

/// What was sent in the turns of one kind.
#[derive(Default)]
struct Sent {
    time: Duration,
    latencies: Latencies,
}

impl Sent {
    fn per_s(&self) -> f64 {
        self.latencies.count() as f64 / self.time.as_secs_f64()
    }
}

async fn send(client: &Client, to: ConversationId, time: Duration, sent: &mut Sent) -> Result<()> {
    let began = Instant::now();
    let mut unanswered = VecDeque::<(Instant, Accepted)>::new();
    while began.elapsed() < time {
        if unanswered.len() == IN_FLIGHT
            && let Some((since, accepted)) = unanswered.pop_front()
        {
            accepted.await?;
            sent.latencies.record(since.elapsed());
        }
        let text = Text::new("a message that is sent beside a search")?;
        let accepted = client.conversation(to).enqueue(Body::Text(text)).await?;
        unanswered.push_back((Instant::now(), accepted));
    }
    sent.time += began.elapsed();
    for (_, accepted) in unanswered {
        accepted.await?;
    }
    Ok(())
}

/// A thread that burns processor time at the priority of a search, until dropped.
struct Control {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Control {
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = stop.clone();
        let burn = move || {
            cairn_store::env::yield_to_others();
            let mut number = 1_u64;
            while !is_over.load(Ordering::Relaxed) {
                for _ in 0..10_000 {
                    number = black_box(number.wrapping_mul(6_364_136_223_846_793_005) | 1);
                }
            }
        };
        Self {
            stop,
            thread: Some(thread::spawn(burn)),
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It does not panic.
            drop(thread.join());
        }
    }
}
