//! The load on Redis Streams: connections that each keep a number of sends in flight, as the
//! clients of `cairn bench send` do.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::error::LoadError;
use crate::latency::{Latencies, Percentiles};
use crate::resp;

/// The warm-up, before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);

/// Distinct bodies, generated before the measurement.
const BODIES: usize = 4_096;

/// The initial capacity of a connection's buffers.
const BUFFER_BYTES: usize = 256 * 1024;

/// The load.
#[derive(Clone, Debug, Args)]
pub(crate) struct Settings {
    /// The server's address
    #[arg(long, value_name = "HOST:PORT")]
    addr: String,

    /// Connections
    #[arg(
        long, value_name = "N",
        default_value_t = 16,
        value_parser = clap::value_parser!(u64).range(1..=10_000)
    )]
    clients: u64,

    /// Sends in flight per connection
    #[arg(
        long, value_name = "N",
        default_value_t = 128,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    inflight: u32,

    /// Streams; each entry goes to a random one
    #[arg(
        long, value_name = "N",
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    streams: u32,

    /// Bytes of each entry's value
    #[arg(
        long, value_name = "BYTES",
        default_value_t = 200,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    body: u32,

    /// Measure for this long, after one second of warm-up
    #[arg(
        long, value_name = "S",
        default_value_t = 4,
        value_parser = clap::value_parser!(u64).range(1..=3_600)
    )]
    seconds: u64,

    /// Repeats the choices of an earlier run
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// The result, with the field names of `cairn bench send`.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    accepted: u64,
    accepted_per_s: f64,
    latency_ms: Percentiles,
}

/// The commands that all connections send, and the measured interval.
#[derive(Debug)]
struct Plan {
    /// The start of each command, one per stream.
    commands: Vec<Vec<u8>>,
    /// Printable bodies with their lengths.
    bodies: Vec<Vec<u8>>,
    inflight: usize,
    counts_from: Instant,
    counts_to: Instant,
}

impl Plan {
    fn new(settings: &Settings) -> Self {
        let mut random = StdRng::seed_from_u64(settings.seed);
        let mut body = || {
            let text: Vec<u8> = (0..settings.body)
                .map(|_| random.random_range(b' '..=b'~'))
                .collect();
            let mut body = Vec::new();
            resp::bulk(&mut body, &text);
            body
        };
        let bodies = (0..BODIES).map(|_| body()).collect();
        let commands = (0..settings.streams)
            .map(|stream| resp::xadd(&format!("g:{stream}")))
            .collect();
        let counts_from = Instant::now() + WARM_UP;
        let counts_to = counts_from + Duration::from_secs(settings.seconds);
        Self {
            commands,
            bodies,
            inflight: settings.inflight as usize,
            counts_from,
            counts_to,
        }
    }
}

/// Runs the load.
///
/// # Errors
/// The first error of any connection.
pub(crate) fn run(settings: &Settings) -> Result<Found, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LoadError::Start)?;
    let latencies = runtime.block_on(all(settings))?;
    let accepted = latencies.count();
    let latency_ms = latencies.percentiles().ok_or(LoadError::Nothing)?;
    Ok(Found {
        accepted,
        accepted_per_s: accepted as f64 / settings.seconds as f64,
        latency_ms,
    })
}

async fn all(settings: &Settings) -> Result<Latencies, LoadError> {
    let connection = |source| LoadError::Connection {
        addr: settings.addr.clone(),
        source,
    };
    let mut streams = Vec::new();
    for _ in 0..settings.clients {
        let stream = TcpStream::connect(&settings.addr)
            .await
            .map_err(connection)?;
        stream.set_nodelay(true).map_err(connection)?;
        streams.push(stream);
    }
    let plan = Arc::new(Plan::new(settings));
    let mut under_way = JoinSet::new();
    for (seed, stream) in (settings.seed..).zip(streams) {
        under_way.spawn(Connection::new(Arc::clone(&plan), stream, seed).run());
    }
    let mut latencies = Latencies::new();
    while let Some(ended) = under_way.join_next().await {
        let ended = ended.map_err(|_| LoadError::Panicked)?;
        latencies.add(&ended.map_err(|broken| match broken {
            Broken::Io(source) => connection(source),
            Broken::Answer(error) => error,
        })?);
    }
    Ok(latencies)
}

/// One connection.
struct Connection {
    plan: Arc<Plan>,
    stream: TcpStream,
    random: StdRng,
    /// When each unanswered entry was sent, oldest first; answers arrive in this order.
    since: VecDeque<Instant>,
    latencies: Latencies,
}

enum Broken {
    Io(io::Error),
    Answer(LoadError),
}

impl Connection {
    fn new(plan: Arc<Plan>, stream: TcpStream, seed: u64) -> Self {
        Self {
            plan,
            stream,
            random: StdRng::seed_from_u64(seed),
            since: VecDeque::new(),
            latencies: Latencies::new(),
        }
    }

    /// Sends until the time is over, then waits for the answers.
    async fn run(mut self) -> Result<Latencies, Broken> {
        let (mut out, mut read) = (
            Vec::with_capacity(BUFFER_BYTES),
            Vec::with_capacity(BUFFER_BYTES),
        );
        self.add(self.plan.inflight, &mut out);
        while !self.since.is_empty() {
            self.stream.write_all(&out).await.map_err(Broken::Io)?;
            out.clear();
            if self.stream.read_buf(&mut read).await.map_err(Broken::Io)? == 0 {
                return Err(Broken::Io(io::ErrorKind::UnexpectedEof.into()));
            }
            let (count, bytes) = resp::ids(&read).map_err(Broken::Answer)?;
            read.drain(..bytes);
            let now = Instant::now();
            self.answered(count, now);
            if now < self.plan.counts_to {
                self.add(count, &mut out);
            }
        }
        Ok(self.latencies)
    }

    fn add(&mut self, count: usize, out: &mut Vec<u8>) {
        let now = Instant::now();
        for _ in 0..count {
            out.extend_from_slice(
                &self.plan.commands[self.random.random_range(0..self.plan.commands.len())],
            );
            out.extend_from_slice(&self.plan.bodies[self.random.random_range(0..BODIES)]);
            self.since.push_back(now);
        }
    }

    fn answered(&mut self, count: usize, now: Instant) {
        let counts = (self.plan.counts_from..self.plan.counts_to).contains(&now);
        for since in self.since.drain(..count.min(self.since.len())) {
            if counts {
                self.latencies.record(now - since);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A server that answers every command with an id, split at arbitrary places.
    async fn serve(listener: TcpListener, command_bytes: usize) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while stream
            .read_buf(&mut read)
            .await
            .is_ok_and(|bytes| bytes > 0)
        {
            let count = read.len() / command_bytes;
            read.drain(..count * command_bytes);
            let answers = b"$3\r\n1-0\r\n".repeat(count);
            for part in answers.chunks(7) {
                stream.write_all(part).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn every_answer_in_time_counts_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings {
            addr: listener.local_addr().unwrap().to_string(),
            clients: 1,
            inflight: 8,
            streams: 10,
            body: 20,
            seconds: 1,
            seed: 1,
        };
        let plan = Plan::new(&settings);
        let command_bytes = plan.commands[0].len() + plan.bodies[0].len();
        let server = tokio::spawn(serve(listener, command_bytes));
        let latencies = all(&settings).await.unwrap();
        assert!(latencies.count() > 0);
        server.await.unwrap();
    }

    #[tokio::test]
    async fn refusal_ends_the_run() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"-ERR no\r\n").await.unwrap();
            let _ = stream.read(&mut [0; 16]).await;
        });
        let settings = Settings {
            addr,
            clients: 1,
            inflight: 1,
            streams: 1,
            body: 1,
            seconds: 1,
            seed: 1,
        };
        assert!(matches!(all(&settings).await, Err(LoadError::Refused(text)) if text == "-ERR no"));
    }
}
