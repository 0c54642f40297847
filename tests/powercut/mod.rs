//! The clients' side of the power cuts: `tests/powercut/run.py` has the server and the switch, and runs this with its orders on standard
//! input, one a line. Each is answered with one line of JSON.
//!
//! | order | answer |
//! |---|---|
//! | | `{"ready":true}` once everybody is there |
//! | `talk N` | `{"accepted":N}` once so many more messages were accepted; the talk goes on |
//! | `settle` | `{"entries":N}` once everything was answered, read again and compared |
//!
//! Whatever is not as it must be is answered with `{"lost":"…"}`, which ends the run.

use std::io::BufRead as _;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::crash::crowd::Crowd;
use crate::crash::words::Length;

/// The orders. Reading them blocks, so a thread does it.
fn orders() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || sender.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn obey(order: &str, crowd: &mut Crowd) -> Result<Value, String> {
    match order.split_once(' ').unwrap_or((order, "")) {
        ("talk", more) => {
            let more = more.parse().unwrap();
            crowd.talk();
            crowd.accepted(more).await.map(|()| json!({ "accepted": more }))
        }
        ("settle", _) => crowd.settle().await.map(|checked| json!({ "entries": checked.entries })),
        _ => panic!("there is no such order: {order}"),
    }
}

#[tokio::test]
#[ignore = "the clients of tests/powercut/run.py"]
async fn clients() {
    let link = std::env::var("CAIRN_POWERCUT_INVITE").expect("tests/powercut/run.py sets it").parse().unwrap();
    let mut orders = orders();
    let mut crowd = Crowd::gather(&link, Length::Page, rand::random()).await.unwrap();
    println!("\n{}", json!({ "ready": true }));
    while let Some(order) = orders.recv().await {
        match obey(&order, &mut crowd).await {
            Ok(answer) => println!("{answer}"),
            Err(lost) => {
                println!("{}", json!({ "lost": lost }));
                return;
            }
        }
    }
}
