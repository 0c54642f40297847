//! Partial uploads: how long they are kept, and how many a user may have.

use std::fs::{File, FileTimes};
use std::io::Cursor;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use cairn_client::proto::ids::UserId;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error, TransferError};
use cairn_server::limits::{PARTIAL_TIME_MAX, PARTIALS_PER_USER_MAX};

use crate::support::{Server, invite, until};

const ARRIVED: usize = 5;

fn content(n: usize) -> String {
    format!("file {n}, and what is in it")
}

fn partials(server: &Server) -> PathBuf {
    server.data().join("attachments/partial")
}

/// Creates a partial file, as a killed server leaves it.
fn leave(server: &Server, user: UserId, n: usize) -> PathBuf {
    let path = partials(server).join(format!(
        "{user}-{}",
        blake3::hash(content(n).as_bytes()).to_hex()
    ));
    std::fs::write(&path, &content(n)[..ARRIVED]).unwrap();
    path
}

fn left(server: &Server) -> Vec<PathBuf> {
    let mut left: Vec<_> = std::fs::read_dir(partials(server))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    left.sort();
    left
}

async fn upload(client: &Client, n: usize) -> Result<(), ErrorCode> {
    match client.upload(&mut Cursor::new(content(n)), |_| {}).await {
        Ok(_) => Ok(()),
        Err(TransferError::Client(Error::Refused(code))) => Err(code),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn stale_partials_expire_at_start() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    server.kill();
    let minute = Duration::from_secs(60);
    let mut kept = Vec::new();
    for (n, age) in [
        Duration::ZERO,
        PARTIAL_TIME_MAX - minute,
        PARTIAL_TIME_MAX + minute,
        PARTIAL_TIME_MAX * 9,
    ]
    .into_iter()
    .enumerate()
    {
        let path = leave(&server, account.user, n);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_times(FileTimes::new().set_modified(SystemTime::now() - age))
            .unwrap();
        if age < PARTIAL_TIME_MAX {
            kept.push(path);
        }
    }
    kept.sort();
    server.restart();
    until("what is too old goes, and nothing else", async || {
        left(&server) == kept
    })
    .await;
    for n in 0..4 {
        upload(&ada, n).await.unwrap();
    }
    assert!(
        left(&server).is_empty(),
        "what has come to its end is no partial file any more"
    );
}

#[tokio::test]
async fn partials_per_user_are_bounded() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (bob, _) = invite(&ada, "bob").await;
    server.kill();
    for n in 1..PARTIALS_PER_USER_MAX {
        leave(&server, account.user, n);
    }
    server.restart();
    upload(&ada, 1_000).await.unwrap();
    server.kill();
    leave(&server, account.user, 0);
    server.restart();
    assert_eq!(left(&server).len(), PARTIALS_PER_USER_MAX);
    assert_eq!(upload(&ada, 1_001).await, Err(ErrorCode::LimitReached));
    assert_eq!(
        left(&server).len(),
        PARTIALS_PER_USER_MAX,
        "one that is refused leaves nothing"
    );
    upload(&bob, 1_001).await.unwrap();
    upload(&ada, 7).await.unwrap();
    upload(&ada, 1_002).await.unwrap();
    assert_eq!(left(&server).len(), PARTIALS_PER_USER_MAX - 1);
}
