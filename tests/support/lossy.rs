//! A UDP proxy between clients and a server that loses, doubles and reorders packets, and sends
//! those of a client from changing ports, as a NAT that forgets. Its choices follow a seed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What the network does to packets, each way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// The share of lost packets.
    pub loss: f64,
    /// The share of doubled packets.
    pub doubled: f64,
    /// The share of packets that arrive later than following ones, by up to this time.
    pub late: f64,
    pub late_by_max: Duration,
    /// Packets of one client after which its port changes; 0 for never.
    pub packets_per_port: u64,
}

/// What it did.
#[derive(Debug, Default)]
pub struct Counts {
    pub passed: AtomicU64,
    pub lost: AtomicU64,
    pub doubled: AtomicU64,
    pub late: AtomicU64,
    pub ports: AtomicU64,
}

#[derive(Debug)]
struct State {
    weather: Weather,
    random: Mutex<StdRng>,
    counts: Counts,
    is_severed: AtomicBool,
}

/// Dropping it ends the proxy.
#[derive(Debug)]
pub struct LossyNetwork {
    /// Where clients reach the server.
    pub addr: SocketAddr,
    state: Arc<State>,
    _proxy: JoinSet<()>,
}

impl LossyNetwork {
    pub async fn to(server: SocketAddr, weather: Weather, seed: u64) -> Self {
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let addr = front.local_addr().unwrap();
        let state = Arc::new(State {
            weather,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            counts: Counts::default(),
            is_severed: AtomicBool::new(false),
        });
        let mut proxy = JoinSet::new();
        proxy.spawn(forward(front, server, Arc::clone(&state)));
        Self {
            addr,
            state,
            _proxy: proxy,
        }
    }

    pub fn counts(&self) -> &Counts {
        &self.state.counts
    }

    /// Loses every packet until [`LossyNetwork::heal`].
    pub fn cut(&self) {
        self.state.is_severed.store(true, Ordering::Relaxed);
    }

    pub fn heal(&self) {
        self.state.is_severed.store(false, Ordering::Relaxed);
    }
}

/// The way of one client to the server.
struct Way {
    socket: Arc<UdpSocket>,
    packets: u64,
    /// Reads the answers.
    _back: JoinSet<()>,
}

async fn forward(front: Arc<UdpSocket>, server: SocketAddr, state: Arc<State>) {
    let mut ways: HashMap<SocketAddr, Way> = HashMap::new();
    let mut under_way = JoinSet::new();
    let mut buffer = vec![0; 65_536];
    loop {
        while under_way.try_join_next().is_some() {}
        // A port that is gone is reported here, and does not matter.
        let Ok((bytes, client)) = front.recv_from(&mut buffer).await else {
            continue;
        };
        let limit = state.weather.packets_per_port;
        let is_spent = |way: &Way| limit > 0 && way.packets >= limit;
        if ways.get(&client).is_none_or(is_spent) {
            let way = open_way(&front, server, client, &state).await;
            ways.insert(client, way);
            state.counts.ports.fetch_add(1, Ordering::Relaxed);
        }
        let way = ways.get_mut(&client).unwrap();
        way.packets += 1;
        let socket = Arc::clone(&way.socket);
        pass(&state, &mut under_way, &buffer[..bytes], socket, server);
    }
}

async fn open_way(
    front: &Arc<UdpSocket>,
    server: SocketAddr,
    client: SocketAddr,
    state: &Arc<State>,
) -> Way {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let (answers, front, state) = (Arc::clone(&socket), Arc::clone(front), Arc::clone(state));
    let mut back = JoinSet::new();
    back.spawn(async move {
        let mut under_way = JoinSet::new();
        let mut buffer = vec![0; 65_536];
        loop {
            while under_way.try_join_next().is_some() {}
            let Ok((bytes, from)) = answers.recv_from(&mut buffer).await else {
                continue;
            };
            if from == server {
                let front = Arc::clone(&front);
                pass(&state, &mut under_way, &buffer[..bytes], front, client);
            }
        }
    });
    Way {
        socket,
        packets: 0,
        _back: back,
    }
}

/// Sends one packet on, or not, or twice, or later.
fn pass(
    state: &State,
    under_way: &mut JoinSet<()>,
    packet: &[u8],
    socket: Arc<UdpSocket>,
    to: SocketAddr,
) {
    let Weather {
        loss,
        doubled,
        late,
        late_by_max,
        ..
    } = state.weather;
    let (copies, delays) = {
        let mut random = state.random.lock();
        let is_lost = random.random_bool(loss) || state.is_severed.load(Ordering::Relaxed);
        let copies = match is_lost {
            true => 0,
            false => 1 + usize::from(random.random_bool(doubled)),
        };
        let mut delay = || {
            let is_late = random.random_bool(late);
            is_late.then(|| late_by_max.mul_f64(random.random_range(0.0..1.0)))
        };
        (copies, [delay(), delay()])
    };
    let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
    match copies {
        0 => count(&state.counts.lost),
        1 => count(&state.counts.passed),
        _ => count(&state.counts.doubled),
    };
    for delay in delays.into_iter().take(copies) {
        match delay {
            // The buffer of a socket may be full, as may a router's.
            None => drop(socket.try_send_to(packet, to)),
            Some(delay) => {
                count(&state.counts.late);
                let (socket, packet) = (Arc::clone(&socket), packet.to_vec());
                under_way.spawn(async move {
                    sleep(delay).await;
                    drop(socket.send_to(&packet, to).await);
                });
            }
        }
    }
}
