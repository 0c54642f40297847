//! Attachments: uploads and downloads across broken connections and killed servers, stored once.
//!
//! The files are small unless `CAIRN_TRANSFER_MIB` sets a size in MiB. The large run also checks
//! the memory of both sides: `CAIRN_TRANSFER_MIB=1024 cargo test --release --test main
//! ten_interruptions -- --nocapture`.

use std::cell::Cell;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;

use cairn_client::proto::content::attachment::{Attachment, AttachmentHash};
use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::limits::CAPTION_BYTES_MAX;
use cairn_client::proto::text::{Caption, FileName, MediaType, Text};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Client, Error, Progress, Step, TransferError, Uploaded};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tempfile::TempDir;

use super::group;
use super::memory::Gauge;
use crate::support::{self, Server, cairn, invite};

const CUTS: u64 = 10;

/// The file size of the large run.
fn large_file_mib() -> Option<u64> {
    std::env::var("CAIRN_TRANSFER_MIB")
        .ok()
        .map(|mib| mib.parse().unwrap())
}

fn file_bytes() -> u64 {
    large_file_mib().map_or(5 * 1024 * 1024 + 123, |mib| mib * 1024 * 1024)
}

/// A file without repeated content.
pub(super) fn make_file(dir: &Path, seed: u64, bytes: u64) -> PathBuf {
    let path = dir.join(format!("file-{seed}"));
    let mut random = StdRng::seed_from_u64(seed);
    let mut file = std::fs::File::create(&path).unwrap();
    let mut left = bytes;
    let mut part = vec![0; 1 << 20];
    while left > 0 {
        let some = left.min(part.len() as u64) as usize;
        random.fill_bytes(&mut part[..some]);
        std::io::Write::write_all(&mut file, &part[..some]).unwrap();
        left -= some as u64;
    }
    path
}

fn hash_of(path: &Path) -> AttachmentHash {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update_reader(std::fs::File::open(path).unwrap())
        .unwrap();
    AttachmentHash::new(*hasher.finalize().as_bytes())
}

fn attachment(uploaded: Uploaded) -> Attachment {
    let Uploaded { hash, size_bytes } = uploaded;
    let name = FileName::new("plan.bin").unwrap();
    Attachment {
        hash,
        name,
        media_type: MediaType::new("application/octet-stream").unwrap(),
        size_bytes,
        caption: Caption::new("").unwrap(),
    }
}

/// Runs a transfer until this many bytes are done, and drops it. Returns its result if it completes
/// earlier.
async fn until<T>(bytes: u64, done: &Cell<u64>, transfer: impl Future<Output = T>) -> Option<T> {
    let mut transfer = pin!(transfer);
    poll_fn(|context| match transfer.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if done.get() >= bytes => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Records the progress of a transfer, and its start offset.
struct Watched {
    done: Cell<u64>,
    began: Cell<Option<u64>>,
}

impl Watched {
    fn new() -> Self {
        Self {
            done: Cell::new(0),
            began: Cell::new(None),
        }
    }

    fn note(&self, progress: Progress) {
        if progress.step == Step::Moving {
            self.done.set(progress.done_bytes);
            self.began
                .set(self.began.get().or(Some(progress.done_bytes)));
        }
    }
}

async fn again(client: Client, account: &Account) -> Client {
    client.close().await;
    Client::builder().connect(account).await.unwrap()
}

/// The client and the server are interrupted alternately.
#[tokio::test]
async fn file_transfer_survives_ten_interruptions() {
    let mut server = Server::start();
    let (mut ada, account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let dir = TempDir::new().unwrap();
    let bytes = file_bytes();
    let path = make_file(dir.path(), 1, bytes);
    let gauge = Gauge::set(server.data());
    let watch = |watched: &Watched, progress| {
        watched.note(progress);
        gauge.look();
    };
    for cut in 1..=CUTS {
        let watched = Watched::new();
        let at = bytes * cut / (CUTS + 1);
        let done = until(
            at,
            &watched.done,
            ada.upload_file(&path, |progress| watch(&watched, progress)),
        )
        .await;
        assert!(done.is_none(), "cut {cut} came too late");
        if cut % 2 == 0 {
            server.kill();
            server.restart();
        } else {
            ada = again(ada, &account).await;
        }
    }
    let watched = Watched::new();
    let uploaded = ada
        .upload_file(&path, |progress| watch(&watched, progress))
        .await
        .unwrap();
    assert_eq!(
        uploaded,
        Uploaded {
            hash: hash_of(&path),
            size_bytes: bytes
        }
    );
    assert!(
        watched.began.get() > Some(bytes / 2),
        "it began again at {:?}",
        watched.began
    );
    let msgid = ada
        .conversation(team)
        .send(Body::from(attachment(uploaded)))
        .await
        .unwrap();

    let (target, mut bob) = (dir.path().join("fetched"), bob);
    for cut in 1..=CUTS {
        let watched = Watched::new();
        let at = bytes * cut / (CUTS + 1);
        let file = attachment(uploaded);
        let fetch = bob
            .conversation(team)
            .download(msgid, &file, &target, |progress| watch(&watched, progress));
        assert!(
            until(at, &watched.done, fetch).await.is_none(),
            "cut {cut} came too late"
        );
        assert!(!target.exists(), "a file that is not whole");
        if cut % 2 == 0 {
            server.kill();
            server.restart();
        } else {
            bob = again(bob, &bob_account).await;
        }
    }
    let watched = Watched::new();
    bob.conversation(team)
        .download(msgid, &attachment(uploaded), &target, |progress| {
            watch(&watched, progress)
        })
        .await
        .unwrap();
    assert!(
        watched.began.get() > Some(bytes / 2),
        "it began again at {:?}",
        watched.began
    );
    gauge.check(large_file_mib().is_some());
    assert_eq!(hash_of(&target), uploaded.hash);
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        2,
        "the part is gone"
    );
}

#[tokio::test]
async fn transfer_resumes_after_restart() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (_bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let dir = TempDir::new().unwrap();
    let path = make_file(dir.path(), 2, file_bytes());
    let watched = Watched::new();
    let mut upload = pin!(ada.upload_file(&path, |progress| watched.note(progress)));
    assert!(
        until(file_bytes() / 2, &watched.done, upload.as_mut())
            .await
            .is_none()
    );
    server.kill();
    server.restart();
    let uploaded = upload.await.unwrap();
    let msgid = ada
        .conversation(team)
        .send(Body::from(attachment(uploaded)))
        .await
        .unwrap();
    // Another device of the user may download it as well.
    let other = Client::builder().connect(&account).await.unwrap();
    let (watched, target, file) = (
        Watched::new(),
        dir.path().join("fetched"),
        attachment(uploaded),
    );
    let mut fetch = pin!(
        other
            .conversation(team)
            .download(msgid, &file, &target, |progress| { watched.note(progress) })
    );
    assert!(
        until(file_bytes() / 2, &watched.done, fetch.as_mut())
            .await
            .is_none()
    );
    server.kill();
    server.restart();
    fetch.await.unwrap();
    assert_eq!(hash_of(&target), uploaded.hash);
}

/// After a power cut, the unsynced end of a partial file may read as zeros.
#[tokio::test]
async fn upload_with_corrupt_partial_restarts() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let dir = TempDir::new().unwrap();
    let path = make_file(dir.path(), 4, 3_000_000);
    let watched = Watched::new();
    assert!(
        until(
            2_000_000,
            &watched.done,
            ada.upload_file(&path, |progress| watched.note(progress))
        )
        .await
        .is_none()
    );
    server.kill();
    let mut partials = std::fs::read_dir(server.data().join("attachments/partial")).unwrap();
    let partial = std::fs::OpenOptions::new()
        .write(true)
        .open(partials.next().unwrap().unwrap().path())
        .unwrap();
    let arrived = partial.metadata().unwrap().len();
    assert!(arrived > 4096, "{arrived} bytes had arrived");
    partial.set_len(arrived - 4096).unwrap();
    partial.set_len(arrived).unwrap();
    server.restart();
    let (watched, least) = (Watched::new(), Cell::new(u64::MAX));
    let note = |progress: Progress| {
        watched.note(progress);
        if progress.step == Step::Moving {
            least.set(least.get().min(progress.done_bytes));
        }
    };
    let uploaded = ada.upload_file(&path, note).await.unwrap();
    assert_eq!(uploaded.hash, hash_of(&path));
    assert!(std::fs::read(&stored(&server)[0]).unwrap() == std::fs::read(&path).unwrap());
    assert!(
        watched.began.get() > Some(arrived),
        "what had arrived was made use of at first: {:?}",
        watched.began
    );
    assert!(least.get() < arrived, "and then all of it was sent");
}

/// A cancelled upload keeps its partial file while the connection is alive.
#[tokio::test]
async fn cancelled_upload_resumes_on_same_connection() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let dir = TempDir::new().unwrap();
    let path = make_file(dir.path(), 4, file_bytes());
    for cut in 1..=3 {
        let watched = Watched::new();
        let upload = ada.upload_file(&path, |progress| watched.note(progress));
        assert!(
            until(file_bytes() * cut / 4, &watched.done, upload)
                .await
                .is_none(),
            "cut {cut} came too late"
        );
    }
    let watched = Watched::new();
    ada.upload_file(&path, |progress| watched.note(progress))
        .await
        .unwrap();
    assert!(
        watched.began.get() > Some(file_bytes() / 2),
        "it began again at {:?}",
        watched.began
    );
}

#[tokio::test]
async fn concurrent_uploads_send_bytes_once() {
    let server = Server::start();
    let (ada, account) = server.owner().await;
    let other = Client::builder().connect(&account).await.unwrap();
    let dir = TempDir::new().unwrap();
    let path = make_file(dir.path(), 5, file_bytes());
    let moved = Cell::new(0);
    let upload = async |client: &Client| {
        let at = Cell::new(None);
        let note = |progress: Progress| {
            if progress.step == Step::Moving {
                moved.set(moved.get() + at.get().map_or(0, |at| progress.done_bytes - at));
                at.set(Some(progress.done_bytes));
            }
        };
        client.upload_file(&path, note).await.unwrap()
    };
    let (one, another) = support::soon("they do not keep each other waiting", async {
        tokio::join!(upload(&ada), upload(&other))
    })
    .await;
    assert_eq!(one, another);
    assert!(moved.get() <= file_bytes(), "{} bytes moved", moved.get());
}

fn stored(server: &Server) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(server.data().join("attachments"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = folders
        .filter(|path| !path.ends_with("partial"))
        .flat_map(|path| std::fs::read_dir(path).unwrap());
    files.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn file_is_stored_once_and_hash_grants_nothing() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, _) = invite(&ada, "eve").await;
    let team = group(&ada, &bob_account).await;
    let dir = TempDir::new().unwrap();
    let path = make_file(dir.path(), 3, 700_000);
    let uploaded = ada.upload_file(&path, |_| {}).await.unwrap();
    let file = attachment(uploaded);
    let msgid = ada
        .conversation(team)
        .send(Body::from(file.clone()))
        .await
        .unwrap();
    let watched = Watched::new();
    ada.upload_file(&path, |progress| watched.note(progress))
        .await
        .unwrap();
    assert_eq!(watched.began.get(), None, "she need not send it again");

    let refused = |code| Error::Refused(code).to_string();
    let own = eve
        .conversations()
        .create_group("eve's own".parse().unwrap(), Vec::new())
        .await
        .unwrap();
    assert_eq!(
        eve.conversation(own)
            .send(Body::from(file.clone()))
            .await
            .unwrap_err()
            .to_string(),
        refused(ErrorCode::NoSuchAttachment)
    );
    let target = dir.path().join("stolen");
    let stolen = eve
        .conversation(team)
        .download(msgid, &file, &target, |_| {})
        .await;
    assert!(
        matches!(
            stolen,
            Err(TransferError::Client(Error::Refused(
                ErrorCode::NoSuchAttachment
            )))
        ),
        "{stolen:?}"
    );
    let watched = Watched::new();
    eve.upload_file(&path, |progress| watched.note(progress))
        .await
        .unwrap();
    assert!(
        watched.began.get().is_some(),
        "a user who did not upload it must prove to have it"
    );
    eve.conversation(own)
        .send(Body::from(file.clone()))
        .await
        .unwrap();
    assert_eq!(stored(&server).len(), 1);

    bob.conversation(team)
        .download(msgid, &file, &dir.path().join("bob's"), |_| {})
        .await
        .unwrap();
    ada.conversation(team)
        .remove_members(vec![bob_account.user])
        .await
        .unwrap();
    let gone = bob
        .conversation(team)
        .download(msgid, &file, &dir.path().join("bob's"), |_| {})
        .await;
    assert!(
        matches!(
            gone,
            Err(TransferError::Client(Error::Refused(
                ErrorCode::NoSuchAttachment
            )))
        ),
        "{gone:?}"
    );
    ada.conversation(team).recall(msgid).await.unwrap();
    let recalled = ada
        .conversation(team)
        .download(msgid, &file, &target, |_| {})
        .await;
    assert!(
        matches!(
            recalled,
            Err(TransferError::Client(Error::Refused(
                ErrorCode::NoSuchAttachment
            )))
        ),
        "{recalled:?}"
    );
}

#[tokio::test]
async fn file_caption_can_be_edited() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let dir = TempDir::new().unwrap();
    let file = attachment(
        ada.upload_file(&make_file(dir.path(), 5, 1000), |_| {})
            .await
            .unwrap(),
    );
    let msgid = ada
        .conversation(team)
        .send(Body::from(file.clone()))
        .await
        .unwrap();
    let words = |raw: &str| Text::new(raw).unwrap();
    ada.conversation(team)
        .edit(msgid, words("the last page, corrected"))
        .await
        .unwrap();
    let refused = |code| Err(Error::Refused(code));
    assert_eq!(
        ada.conversation(team)
            .edit(msgid, words(&"x".repeat(CAPTION_BYTES_MAX + 1)))
            .await,
        refused(ErrorCode::BadRequest)
    );
    assert_eq!(
        bob.conversation(team).edit(msgid, words("mine")).await,
        refused(ErrorCode::Forbidden)
    );
    for _ in 0..2 {
        let page = bob
            .conversation(team)
            .pull(PullRange::From(msgid), 2)
            .await
            .unwrap();
        let Body::File(found) = &page.messages[0].body else {
            panic!("{:?}", page.messages[0])
        };
        assert_eq!(
            (found.caption.as_str(), found.hash),
            ("the last page, corrected", file.hash)
        );
        let told = Amendment::Edited {
            msgid,
            text: Some(words("the last page, corrected")),
        };
        assert_eq!(page.messages[1].body, Body::Amendment(told));
        assert!(server.stop().success());
        server.restart();
    }
    // Edits are not retried, so connect first.
    ada.conversations().list().await.unwrap();
    // The caption of a file may be empty.
    ada.conversation(team).edit(msgid, words("")).await.unwrap();
    bob.conversation(team)
        .download(msgid, &file, &dir.path().join("fetched"), |_| {})
        .await
        .unwrap();
}

/// Garbage collection runs at the start of a server, so the test waits for it after a restart.
#[tokio::test]
async fn gc_removes_only_unreferenced_files() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (_bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let dir = TempDir::new().unwrap();
    let mut sent = Vec::new();
    for seed in 10..14 {
        let uploaded = ada
            .upload_file(&make_file(dir.path(), seed, 1000 + seed), |_| {})
            .await
            .unwrap();
        sent.push((
            ada.conversation(team)
                .send(Body::from(attachment(uploaded)))
                .await
                .unwrap(),
            uploaded.hash,
        ));
    }
    let again = ada
        .upload_file(&dir.path().join("file-11"), |_| {})
        .await
        .unwrap();
    let twice = ada
        .conversation(team)
        .send(Body::from(attachment(again)))
        .await
        .unwrap();
    let unsent = ada
        .upload_file(&make_file(dir.path(), 20, 99), |_| {})
        .await
        .unwrap();
    for (msgid, _) in &sent[..3] {
        ada.conversation(team).recall(*msgid).await.unwrap();
    }
    // A file without a record, as a crash may leave it.
    let stray = server.data().join("attachments/ab").join("ab".repeat(32));
    std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
    std::fs::write(&stray, "stray").unwrap();
    server.kill();
    server.restart();
    let mut left: Vec<String> = [sent[1].1, sent[3].1, unsent.hash]
        .iter()
        .map(ToString::to_string)
        .collect();
    left.sort();
    let names = || {
        let paths = stored(&server).into_iter();
        let mut names: Vec<_> = paths
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    support::until(&format!("nothing but {left:?} is left"), async || {
        names() == left
    })
    .await;
    ada.conversation(team)
        .download(
            twice,
            &attachment(again),
            &dir.path().join("fetched"),
            |_| {},
        )
        .await
        .unwrap();
    assert!(server.stop().success());
    assert!(doctor(&server, &["--full"]).is_ok());

    // A modified file is detected.
    let path = stored(&server)
        .into_iter()
        .find(|path| path.ends_with(&left[0]))
        .unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut changed = whole.clone();
    changed[5] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    assert!(doctor(&server, &[]).is_ok(), "its length is right");
    assert!(
        doctor(&server, &["--full"])
            .unwrap_err()
            .contains("holds something else")
    );
    std::fs::write(&path, &whole[1..]).unwrap();
    assert!(
        doctor(&server, &[])
            .unwrap_err()
            .contains("bytes where there should be")
    );
    std::fs::remove_file(&path).unwrap();
    assert!(doctor(&server, &[]).unwrap_err().contains("cannot be read"));
}

/// The result of a doctor run on a stopped server.
fn doctor(server: &Server, options: &[&str]) -> Result<(), String> {
    let said = cairn(&["doctor", "--json", "--data"])
        .arg(server.data())
        .args(options)
        .output()
        .unwrap();
    if said.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8(said.stderr).unwrap())
    }
}
