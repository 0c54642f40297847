//! Conversations over networks that lose, double and reorder packets, and change addresses: every
//! message is accepted once, and every follower sees all of them once, in one order.

mod storm;

use std::sync::atomic::Ordering;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::invite::{InviteLink, ServerAddr};
use cairn_client::{Account, Client, Error, Message, Timeline};

use crate::support::lossy::{LossyNetwork, Weather};
use crate::support::{self, Server, soon, until};

/// Messages of each of two senders.
const MESSAGES: usize = 60;

/// Packets that are lost while the network is cut.
const PACKETS_LOST: u64 = 20;

const CLEAR: Weather = Weather {
    loss: 0.0,
    doubled: 0.0,
    late: 0.0,
    late_by_max: Duration::ZERO,
    packets_per_port: 0,
};

/// Two members of a group behind one network.
struct World {
    server: Server,
    network: LossyNetwork,
    clients: [Client; 2],
    group: ConversationId,
    /// Each from the first message on.
    timelines: [Timeline; 2],
}

/// Joins as a user does: where losses let a handshake take longer than the server allows, they try
/// again.
async fn join(invite: &InviteLink, name: &str) -> (Client, Account) {
    let tries = async {
        loop {
            match support::try_join(invite, name).await {
                Err(Error::Broken { .. }) => {}
                joined => return joined.unwrap(),
            }
        }
    };
    soon("a user joins", tries).await
}

impl World {
    async fn under(weather: Weather) -> Self {
        let seed: u64 = rand::random();
        println!("seed {seed}: {weather:?}");
        let server = Server::start();
        let network = LossyNetwork::to(server.addr, weather, seed).await;
        let through = |link: &InviteLink| InviteLink {
            addr: ServerAddr::new("127.0.0.1", network.addr.port()),
            ..link.clone()
        };
        let (ada, _) = join(&through(server.invite.as_ref().unwrap()), "ada").await;
        let hour = Duration::from_secs(3600);
        let link = ada.admin().create_invite(1, hour).await.unwrap();
        let (bob, account) = join(&through(&link), "bob").await;
        let created = ada
            .conversations()
            .create_group("team".parse().unwrap(), vec![account.user]);
        let group = created.await.unwrap();
        let follow = |client: &Client| client.conversation(group).follow(MsgId::new(1));
        let timelines = [follow(&ada), follow(&bob)];
        Self {
            server,
            network,
            clients: [ada, bob],
            group,
            timelines,
        }
    }

    /// Both send at the same time. Returns what was accepted.
    async fn talk(&self, round: &str) -> Vec<(MsgId, Body)> {
        let send = async |client: &Client, name: &str| {
            let mut sent = Vec::new();
            for number in 0..MESSAGES {
                let body = Body::Text(format!("{name} {round} {number}").parse().unwrap());
                let conversation = client.conversation(self.group);
                sent.push((conversation.enqueue(body.clone()).await.unwrap(), body));
            }
            let mut accepted = Vec::new();
            for (promise, body) in sent {
                accepted.push((promise.await.unwrap(), body));
            }
            accepted
        };
        let [ada, bob] = &self.clients;
        let talk = async { tokio::join!(send(ada, "ada"), send(bob, "bob")) };
        let (one, other) = soon("everything is accepted", talk).await;
        let mut all = [one, other].concat();
        assert!(all[..MESSAGES].is_sorted_by_key(|(msgid, _)| *msgid));
        assert!(all[MESSAGES..].is_sorted_by_key(|(msgid, _)| *msgid));
        all.sort_by_key(|(msgid, _)| *msgid);
        all
    }

    /// Checks that both followers see these messages next, once and in order, beside entries of
    /// the system.
    async fn followers_see(&mut self, accepted: &[(MsgId, Body)]) {
        for timeline in &mut self.timelines {
            let mut seen: Vec<(MsgId, Body)> = Vec::new();
            while seen.len() < accepted.len() {
                let message: Message = support::next(timeline).await;
                if !matches!(message.body, Body::System(_)) {
                    seen.push((message.msgid, message.body));
                }
            }
            assert_eq!(seen, accepted);
        }
    }

    /// Checks that nothing follows what was seen: the log holds nothing twice.
    async fn ends_with(&self, last: MsgId) {
        let listed = self.clients[0].conversations().list().await.unwrap();
        assert_eq!(listed[0].head, last);
    }

    async fn converges(&mut self) {
        let accepted = self.talk("first").await;
        self.followers_see(&accepted).await;
        self.ends_with(accepted.last().unwrap().0).await;
    }

    fn count(&self, of: impl Fn(&support::lossy::Counts) -> &std::sync::atomic::AtomicU64) -> u64 {
        of(self.network.counts()).load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn lost_packets_lose_no_message() {
    let loss = 0.2;
    let mut world = World::under(Weather { loss, ..CLEAR }).await;
    world.converges().await;
    assert!(world.count(|counts| &counts.lost) > 0);
}

#[tokio::test]
async fn doubled_packets_double_no_message() {
    let doubled = 0.5;
    let mut world = World::under(Weather { doubled, ..CLEAR }).await;
    world.converges().await;
    assert!(world.count(|counts| &counts.doubled) > 0);
}

#[tokio::test]
async fn late_packets_reorder_no_message() {
    let mut world = World::under(Weather {
        late: 0.3,
        late_by_max: Duration::from_millis(60),
        ..CLEAR
    })
    .await;
    world.converges().await;
    assert!(world.count(|counts| &counts.late) > 0);
}

#[tokio::test]
async fn changing_ports_break_no_session() {
    let packets_per_port = 12;
    let mut world = World::under(Weather {
        packets_per_port,
        ..CLEAR
    })
    .await;
    world.converges().await;
    assert!(world.count(|counts| &counts.ports) > 4);
}

/// All at once, with a time in which nothing arrives at all, and a server that is killed.
#[tokio::test]
async fn conversation_converges_on_a_bad_network() {
    let mut world = World::under(Weather {
        loss: 0.1,
        doubled: 0.1,
        late: 0.2,
        late_by_max: Duration::from_millis(40),
        packets_per_port: 40,
    })
    .await;
    world.converges().await;
    world.network.cut();
    let before = world.count(|counts| &counts.lost);
    let lost = |world: &World| world.count(|counts| &counts.lost) - before;
    let (accepted, ()) = tokio::join!(world.talk("second"), async {
        until("packets are lost", async || lost(&world) >= PACKETS_LOST).await;
        world.network.heal();
    });
    world.followers_see(&accepted).await;
    world.server.kill();
    world.server.restart();
    let accepted = world.talk("third").await;
    world.followers_see(&accepted).await;
    world.ends_with(accepted.last().unwrap().0).await;
}
