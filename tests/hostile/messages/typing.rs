//! Excessive typing notifications: above the rate limit, and to a crowd of viewers.

use std::time::Duration;

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::limits::TYPING_INTERVAL;
use cairn_client::proto::text::GroupName;
use cairn_client::proto::wire::codec;
use cairn_client::proto::wire::request::session::Focus;
use cairn_client::proto::wire::typing::ClientDatagram;
use cairn_client::{Account, Client, Endpoint, Event, Events};
use cairn_server::limits::{SESSIONS_PER_DEVICE_MAX, TYPING_VIEWERS_MAX};
use tokio::time::{interval, timeout};

use crate::hostile::raw::{PATIENCE, Raw};
use crate::support::{Server, invite};

/// A user in a group who ignores the client's typing interval.
struct Typer {
    raw: Raw,
    user: UserId,
    team: ConversationId,
}

impl Typer {
    async fn enter(server: &Server, account: &Account, team: ConversationId) -> Self {
        let mut raw = Raw::log_in(server.addr, account).await;
        raw.ask(Focus {
            conversation: Some(team),
        })
        .await
        .unwrap();
        Self {
            raw,
            user: account.user,
            team,
        }
    }

    fn types(&self) {
        let typing = codec::encode(&ClientDatagram::Typing {
            conversation: self.team,
        });
        self.raw.connection.send_datagram(typing.into()).unwrap();
    }

    /// Sends typing datagrams, and then a request: its answer proves that the server has handled
    /// them.
    async fn types_times(&mut self, times: usize) {
        (0..times).for_each(|_| self.types());
        self.raw.goes_on().await;
    }

    /// Sends typing datagrams until one is reported to Ada, and returns its user.
    async fn types_until_told(&self, events: &mut Events) -> UserId {
        let types = async {
            let mut clock = interval(TYPING_INTERVAL / 8);
            loop {
                clock.tick().await;
                self.types();
            }
        };
        tokio::select! {
            user = told(events) => user,
            () = types => unreachable!("it goes on"),
        }
    }
}

/// The user of the next typing event.
async fn told(events: &mut Events) -> UserId {
    let next = async {
        loop {
            if let Event::Typing { user, .. } = events.next().await.unwrap() {
                return user;
            }
        }
    };
    timeout(PATIENCE, next).await.expect("nobody types")
}

/// Ada, who has focus on a group, and the two other members.
async fn team(server: &Server) -> (Client, Events, [Account; 2], ConversationId) {
    let (ada, _) = server.owner().await;
    let (_, bob) = invite(&ada, "bob").await;
    let (_, eve) = invite(&ada, "eve").await;
    let team = ada
        .conversations()
        .create_group(GroupName::new("team").unwrap(), vec![bob.user, eve.user])
        .await
        .unwrap();
    ada.conversation(team).focus().await.unwrap();
    let events = ada.events();
    (ada, events, [bob, eve], team)
}

#[tokio::test]
async fn typing_is_rate_limited() {
    let server = Server::start();
    let (_ada, mut events, [bob, eve], team) = team(&server).await;
    let mut bob = Typer::enter(&server, &bob, team).await;
    let eve = Typer::enter(&server, &eve, team).await;
    bob.types_times(20).await;
    assert_eq!(told(&mut events).await, bob.user);
    assert_eq!(
        eve.types_until_told(&mut events).await,
        eve.user,
        "of Bob, once was enough"
    );
    // Typing is reported again after at least half the interval of a regular client.
    let began = std::time::Instant::now();
    assert_eq!(bob.types_until_told(&mut events).await, bob.user);
    assert_eq!(bob.types_until_told(&mut events).await, bob.user);
    assert!(
        began.elapsed() >= TYPING_INTERVAL / 2 - Duration::from_millis(100),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn typing_is_silent_in_crowds() {
    let server = Server::start();
    let (ada, mut events, [bob, eve], team) = team(&server).await;
    let mut typers = [
        Typer::enter(&server, &bob, team).await,
        Typer::enter(&server, &eve, team).await,
    ];
    let endpoint = Endpoint::new().unwrap();
    let (mut viewers, mut account) = (Vec::new(), eve);
    // Ada and the two others have focus as well.
    for n in 3..=TYPING_VIEWERS_MAX {
        if n % SESSIONS_PER_DEVICE_MAX == 0 {
            let (client, other) = invite(&ada, &format!("viewer-{n}")).await;
            let added = ada.conversation(team).add_members(vec![other.user]).await;
            added.unwrap();
            client.close().await;
            account = other;
        }
        let options = Client::builder().push(false).endpoint(endpoint.clone());
        let viewer = options.connect(&account).await.unwrap();
        viewer.conversation(team).focus().await.unwrap();
        viewers.push(viewer);
    }
    let [bob, eve] = &mut typers;
    bob.types_times(1).await;
    viewers[0].conversations().unfocus().await.unwrap();
    assert_eq!(
        eve.types_until_told(&mut events).await,
        eve.user,
        "one fewer, and they are told again"
    );
    assert_eq!(bob.types_until_told(&mut events).await, bob.user);
}
