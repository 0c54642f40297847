//! Sends beside a search that never ends, compared with sends beside a thread that burns processor
//! time at the same priority.

use std::collections::VecDeque;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cairn_client::Client;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::model::search::Query;
use cairn_client::proto::text::Text;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::error::Result;
use crate::latency::Latencies;

/// Unanswered sends at a time.
const IN_FLIGHT: usize = 16;

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

/// Sends beside a search for a word that no message has, and then beside the control.
pub(super) async fn round(
    sender: &Client,
    searcher: &Client,
    query: &Query,
    to: ConversationId,
    time: Duration,
) -> Result<Round> {
    let (search_per_s, search_ms) = {
        let mut sending = pin!(send(sender, to, time));
        let searching = async {
            loop {
                let mut search = searcher.search(query.clone());
                while let Some(page) = search.next_page().await {
                    page?;
                }
            }
        };
        tokio::select! {
            sent = &mut sending => sent?,
            searched = searching => {
                let never: Result<()> = searched;
                never?;
                sending.await?
            }
        }
    };
    // The search in flight ends within its budget.
    sleep(Duration::from_millis(600)).await;
    let control = Control::start();
    let (control_per_s, control_ms) = send(sender, to, time).await?;
    drop(control);
    Ok(Round {
        search_per_s,
        control_per_s,
        search_ms,
        control_ms,
    })
}

async fn send(client: &Client, to: ConversationId, time: Duration) -> Result<(f64, Latencies)> {
    let began = Instant::now();
    let mut latencies = Latencies::default();
    let mut unanswered = VecDeque::new();
    while began.elapsed() < time {
        if unanswered.len() == IN_FLIGHT
            && let Some((since, accepted)) = unanswered.pop_front()
        {
            let since: Instant = since;
            let accepted: cairn_client::Accepted = accepted;
            accepted.await?;
            latencies.record(since.elapsed());
        }
        let text = Text::new("a message that is sent beside a search")?;
        let accepted = client.conversation(to).enqueue(Body::Text(text)).await?;
        unanswered.push_back((Instant::now(), accepted));
    }
    let per_s = latencies.count() as f64 / began.elapsed().as_secs_f64();
    for (_, accepted) in unanswered {
        accepted.await?;
    }
    Ok((per_s, latencies))
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
