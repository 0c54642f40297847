//! The clients of the power-cut tests. `tests/powercut/run.py` runs the server and cuts its power;
//! it sends orders to this process over standard input, one per line. Each is answered with one
//! line of JSON.
//!
//! | order | answer |
//! |---|---|
//! | | `{"ready":true}` once all clients are connected |
//! | `talk N` | `{"accepted":N}` once N further messages are accepted; the load continues |
//! | `settle` | `{"entries":N}` once all sends are resolved and all logs are checked |
//!
//! A fault is answered with `{"lost":"…"}`, which ends the run. Without the script, the test starts
//! a server of its own, and no power is cut.

use std::io::BufRead as _;

use cairn_client::proto::invite::InviteLink;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::crash::crowd::Crowd;
use crate::crash::words::Length;
use crate::support::Server;

/// Orders in the channel.
const ORDERS_MAX: usize = 4;

/// Reads the script's orders in a thread, because reading blocks.
fn from_the_script() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(ORDERS_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if sender.blocking_send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Executes orders until there are no more, or until a fault. Returns the answers.
async fn obey_all(link: &InviteLink, mut orders: mpsc::Receiver<String>) -> Vec<Value> {
    let mut crowd = Crowd::gather(link, Length::Page, rand::random())
        .await
        .unwrap();
    println!("\n{}", json!({ "ready": true }));
    let mut answers = Vec::new();
    while let Some(order) = orders.recv().await {
        let answer = obey(&order, &mut crowd)
            .await
            .unwrap_or_else(|lost| json!({ "lost": lost }));
        println!("{answer}");
        let is_over = answer.get("lost").is_some();
        answers.push(answer);
        if is_over {
            break;
        }
    }
    answers
}

async fn obey(order: &str, crowd: &mut Crowd) -> Result<Value, String> {
    match order.split_once(' ').unwrap_or((order, "")) {
        ("talk", more) => {
            let more: u64 = more.parse().unwrap();
            crowd.talk();
            crowd
                .accepted(more)
                .await
                .map(|()| json!({ "accepted": more }))
        }
        ("settle", _) => crowd
            .settle()
            .await
            .map(|checked| json!({ "entries": checked.entries })),
        _ => panic!("there is no such order: {order}"),
    }
}

#[tokio::test]
async fn clients_execute_orders() {
    if let Ok(link) = std::env::var("CAIRN_POWERCUT_INVITE") {
        obey_all(&link.parse().unwrap(), from_the_script()).await;
        return;
    }
    let server = Server::start();
    let (sender, orders) = mpsc::channel(ORDERS_MAX);
    for order in ["talk 20", "settle", "talk 20", "settle"] {
        sender.send(order.to_owned()).await.unwrap();
    }
    drop(sender);
    let answers = obey_all(server.invite.as_ref().unwrap(), orders).await;
    assert_eq!(answers[0], json!({ "accepted": 20 }));
    assert!(answers[1]["entries"].as_u64() >= Some(20), "{answers:?}");
    assert!(
        answers[3]["entries"].as_u64()
            >= answers[1]["entries"].as_u64().map(|entries| entries + 20),
        "{answers:?}"
    );
}
