//! All clients of a server that was killed return to it, once each.

use cairn_client::{Backoff, Client, Event, Events, Reconnect};
use std::time::Duration;

use crate::support::{Server, invite, soon, until};

const CLIENTS: usize = 60;

/// Counts the connections of a client after its first one.
fn reconnects(events: &mut Events) -> usize {
    let mut count = 0;
    while let Some(event) = futures_now(events) {
        count += usize::from(matches!(event, Event::Reconnected));
    }
    count
}

/// The next event, if it is there already.
fn futures_now(events: &mut Events) -> Option<Event> {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    let next = pin!(events.next());
    match next.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(event) => event,
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn clients_of_a_killed_server_return_once() {
    let mut server = Server::start();
    let (owner, _) = server.owner().await;
    let mut clients = vec![owner];
    for number in 1..CLIENTS {
        let (client, account) = invite(&clients[0], &format!("user-{number}")).await;
        client.close().await;
        let backoff = Backoff {
            base: Duration::from_millis(20),
            cap: Duration::from_millis(500),
        };
        let builder = Client::builder().reconnect(Reconnect::Forever(backoff));
        clients.push(builder.connect(&account).await.unwrap());
    }
    let mut events: Vec<_> = clients.iter().map(Client::events).collect();
    server.kill();
    server.restart();
    for client in &clients {
        let served = client.conversations().list();
        soon("a client is served again", served).await.unwrap();
    }
    // The server ended no session again.
    until("all are online", async || {
        let online = clients.iter().filter(|client| client.is_online()).count();
        online == CLIENTS
    })
    .await;
    let sessions = clients[0].admin().metrics().await.unwrap().sessions;
    assert_eq!(sessions, CLIENTS as u64);
    for events in &mut events {
        assert_eq!(reconnects(events), 1);
    }
}
