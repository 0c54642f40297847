//! Sends beside other work, and a control that burns processor time in its place.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::text::Text;
use cairn_client::{Accepted, Client};
use tokio::time::Instant;

use crate::error::Result;
use crate::latency::Latencies;
use crate::system;

/// Unanswered sends at a time.
const IN_FLIGHT: usize = 16;

/// How long a control pauses when it has burned its share.
const PAUSE: Duration = Duration::from_millis(1);

/// What was sent in the turns of one kind.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) time: Duration,
    pub(crate) latencies: Latencies,
}

impl Sent {
    pub(crate) fn per_s(&self) -> f64 {
        self.latencies.count() as f64 / self.time.as_secs_f64()
    }
}

/// Sends for this long, as fast as answers arrive.
pub(crate) async fn send(
    client: &Client,
    to: ConversationId,
    time: Duration,
    sent: &mut Sent,
) -> Result<()> {
    let began = Instant::now();
    let mut unanswered = VecDeque::<(Instant, Accepted)>::new();
    while began.elapsed() < time {
        if unanswered.len() == IN_FLIGHT
            && let Some((since, accepted)) = unanswered.pop_front()
        {
            accepted.await?;
            sent.latencies.record(since.elapsed());
        }
        let text = Text::new("a message that is sent beside other work")?;
        let accepted = client.conversation(to).enqueue(Body::Text(text)).await?;
        unanswered.push_back((Instant::now(), accepted));
    }
    sent.time += began.elapsed();
    for (_, accepted) in unanswered {
        accepted.await?;
    }
    Ok(())
}

/// Threads that burn processor time, until dropped.
pub(crate) struct Control {
    stop: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Control {
    /// Burns all the time of a core that others leave, at the priority of a search.
    pub(crate) fn of_search() -> Self {
        let burn = |stop: Arc<AtomicBool>| {
            cairn_store::env::yield_to_others();
            burn(1.0, &stop);
        };
        Self::start(1, burn)
    }

    /// Burns the time of this many cores: 0.3 is 0.3 s of processor time per second.
    pub(crate) fn of_cores(cores: f64) -> Self {
        let threads = cores.ceil().max(1.0);
        Self::start(threads as usize, move |stop| burn(cores / threads, &stop))
    }

    fn start(count: usize, burn: impl Fn(Arc<AtomicBool>) + Clone + Send + 'static) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let start = |_| {
            let (burn, stop) = (burn.clone(), stop.clone());
            thread::spawn(move || burn(stop))
        };
        let threads = (0..count).map(start).collect();
        Self { stop, threads }
    }
}

fn burn(share: f64, stop: &AtomicBool) {
    let (began, mut number) = (Instant::now(), 1_u64);
    while !stop.load(Ordering::Relaxed) {
        if system::thread_s() > share * began.elapsed().as_secs_f64() {
            thread::park_timeout(PAUSE);
            continue;
        }
        for _ in 0..10_000 {
            number = black_box(number.wrapping_mul(6_364_136_223_846_793_005) | 1);
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It does not panic.
            drop(thread.join());
        }
    }
}
