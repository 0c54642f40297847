//! One user does not delay the others, however much they request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cairn_client::proto::ids::UserId;
use cairn_client::proto::limits::USERS_PER_REQUEST_MAX;
use cairn_memory::Limits;
use cairn_testing::Server;
use tokio::task::JoinSet;

/// Sessions of the user who requests much.
const SESSIONS: usize = 7;

/// Concurrent requests of each.
const REQUESTS: usize = 32;

/// Messages of the other user.
const MESSAGES: usize = 50;

/// Large requests that may be answered while a message is on its way. Without turns, this many
/// would be decided before the message.
const ANSWERS_MAX: usize = SESSIONS * REQUESTS / 8;

#[tokio::test(start_paused = true)]
async fn large_requests_of_one_user_do_not_delay_others() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, _) = server.join(&invite, "ada").await;
    let (eve, account) = server.invite(&ada, "eve").await;
    let group = ada.conversations();
    let group = group.create_group("team".parse().unwrap(), Vec::new());
    let group = ada.conversation(group.await.unwrap());
    // None of them exist, so none are cached.
    let users: Vec<UserId> = (0..USERS_PER_REQUEST_MAX)
        .map(|n| UserId::new(1_000_000 + n as u32))
        .collect();
    let answered = Arc::new(AtomicUsize::new(0));
    let mut requests = JoinSet::new();
    for _ in 0..SESSIONS {
        let client = server.client().connect(&account).await.unwrap();
        for _ in 0..REQUESTS {
            let (client, users, answered) = (client.clone(), users.clone(), answered.clone());
            requests.spawn(async move {
                while client.people().get_all(&users).await.is_ok() {
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    }
    let mut most = 0;
    for n in 0..MESSAGES {
        let before = answered.load(Ordering::Relaxed);
        group.send(n.to_string()).await.unwrap();
        most = most.max(answered.load(Ordering::Relaxed) - before);
    }
    println!("at most {most} requests were answered during a send");
    let answered = answered.load(Ordering::Relaxed);
    assert!(answered > 10 * ANSWERS_MAX, "only {answered} were answered");
    assert!(most <= ANSWERS_MAX, "{most} requests came before a message");
    requests.shutdown().await;
    eve.close().await;
    ada.close().await;
    server.stop().await;
}
