//! SIGKILL during garbage collection: after the server reports the removal of files, and before all
//! of them are removed.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Cursor};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use cairn_client::Client;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::meanwhile;
use crate::support::{PATIENCE, Server, cairn, until};

/// Uploads that no message refers to: enough for five collection commands.
const NEEDLESS: u64 = 300;

/// A collection may complete before the kill. If that happens every time, the test fails.
const ATTEMPTS: u64 = 5;

/// Logged at level `info` before unreferenced files are removed.
const REMOVES: &str = "removing unreferenced attachments";

/// Kills a server during a collection, and restarts it. Requires that the unsent limit is zero, so
/// that unsent uploads are collected at once.
pub(super) async fn cut_off(
    mut server: Server,
    client: &Client,
    needed: &BTreeSet<String>,
) -> Server {
    for attempt in 0..ATTEMPTS {
        // Files orphaned by earlier kills are removed first, so that the kill interrupts the
        // collection of new ones.
        server = meanwhile(server, |server| {
            server.kill();
            server.restart();
        })
        .await;
        collected(server.data().to_owned(), needed).await;
        upload_needless(client, attempt * NEEDLESS).await;
        server.kill();
        let before = stored(server.data()).len();
        kill_when_it_removes(&server).await;
        let left = stored(server.data());
        println!("{} of {before} files are left after a kill", left.len());
        assert!(
            left.is_superset(needed),
            "files are lost that messages name"
        );
        server = meanwhile(server, Server::restart).await;
        if left.len() > needed.len() {
            return server;
        }
    }
    panic!("no kill came in time");
}

async fn upload_needless(client: &Client, first: u64) {
    let mut uploads = JoinSet::new();
    for n in first..first + NEEDLESS {
        let client = client.clone();
        uploads.spawn(async move {
            client
                .upload(&mut Cursor::new(format!("nobody needs {n}")), |_| {})
                .await
                .unwrap()
        });
    }
    timeout(PATIENCE, uploads.join_all())
        .await
        .expect("uploads get nowhere");
}

/// Starts another process on the directory, and kills it once it reports the removal of files.
async fn kill_when_it_removes(server: &Server) {
    let mut command = cairn(&[
        "serve",
        "--json",
        "--log",
        "info",
        "--listen",
        &server.addr.to_string(),
        "--data",
    ]);
    let mut process = command
        .arg(server.data())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(process.stderr.take().unwrap());
    let says = tokio::task::spawn_blocking(move || {
        stderr
            .lines()
            .map_while(Result::ok)
            .any(|line| line.contains(REMOVES))
    });
    let says = timeout(PATIENCE, says).await;
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(says.is_ok_and(Result::unwrap), "the server removes nothing");
}

/// The names of all attachment files, partial ones included.
fn stored(data: &Path) -> BTreeSet<String> {
    let folders = std::fs::read_dir(data.join("attachments"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|path| std::fs::read_dir(path).unwrap());
    files
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Waits until exactly these files are stored.
pub(super) async fn collected(data: PathBuf, expected: &BTreeSet<String>) {
    until(
        "nothing stays but the files that messages name",
        async || {
            let found = stored(&data);
            let lost = expected.difference(&found).count();
            assert!(lost == 0, "{lost} of {} files are lost", expected.len());
            found.len() == expected.len()
        },
    )
    .await;
}
