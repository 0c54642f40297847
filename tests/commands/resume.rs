//! Interrupted file transfers resume when the command runs again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{interval, timeout};

use super::world::{Form, PATIENCE, World};

/// Large enough that no transfer completes between two polls.
const FILE_BYTES: usize = 24 << 20;

/// Bytes transferred before the kill.
const BEGUN_BYTES: u64 = 1 << 20;

/// Waits until a file holds [`BEGUN_BYTES`], and returns its size.
async fn begun(find: impl Fn() -> Option<PathBuf>) -> u64 {
    let grown = async {
        let mut looks = interval(Duration::from_millis(1));
        loop {
            looks.tick().await;
            let arrived = find()
                .and_then(|path| fs::metadata(path).ok())
                .map_or(0, |found| found.len());
            if arrived >= BEGUN_BYTES {
                return arrived;
            }
        }
    };
    timeout(PATIENCE, grown).await.expect("nothing arrives")
}

fn hash_of(path: &Path) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(path).unwrap()).unwrap();
    hasher.finalize().to_string()
}

#[tokio::test]
async fn killed_transfer_resumes() {
    let world = World::new();
    world.json("ada", &["group", "create", "big"]);
    let mut bytes = vec![0; FILE_BYTES];
    StdRng::seed_from_u64(1).fill_bytes(&mut bytes);
    fs::write(world.path("big.bin"), &bytes).unwrap();
    drop(bytes);
    let (whole, whole_bytes) = (hash_of(&world.path("big.bin")), FILE_BYTES as u64);

    let send = ["send", "#big", "--file", "big.bin"];
    let partials = world.server().data().join("attachments/partial");
    let sending = world.live("ada", &send, Form::Json);
    let arrived = begun(|| {
        fs::read_dir(&partials)
            .ok()?
            .next()?
            .ok()
            .map(|entry| entry.path())
    })
    .await;
    drop(sending);
    assert_eq!(
        world.lines("ada", &["tail", "#big"]).len(),
        1,
        "what is not whole is not sent"
    );
    let sent = world.json("ada", &send);
    let resumed = sent["resumed_at_bytes"].as_u64().unwrap();
    assert!(
        resumed >= arrived && resumed < whole_bytes,
        "{arrived} of {whole_bytes} had arrived, and it went on at {resumed}"
    );
    assert_eq!(sent["msgid"], 2);
    let shown = world.lines("ada", &["tail", "#big"]);
    assert_eq!(
        (&shown[1]["attachment"]["hash"], shown.len()),
        (&whole.as_str().into(), 2)
    );

    let (get, target) = (["get", "#big", "2", "-o", "copy"], world.path("copy"));
    let part = world.path(&format!("copy.{}.part", &whole[..8]));
    let getting = world.live("ada", &get, Form::Json);
    begun(|| Some(part.clone())).await;
    drop(getting);
    assert!(
        !target.exists(),
        "what is not whole does not look as if it were"
    );
    let left = fs::metadata(&part).unwrap().len();
    let got = world.json("ada", &get);
    assert!(
        left < whole_bytes && got["resumed_at_bytes"] == left,
        "{left} of {whole_bytes} were left: {got}"
    );
    assert_eq!(
        (got["hash"].as_str().unwrap(), hash_of(&target)),
        (whole.as_str(), whole.clone())
    );
    assert!(!part.exists());

    // A partial download of another file is detected by its hash, and discarded.
    fs::write(&part, vec![7; BEGUN_BYTES as usize]).unwrap();
    let got = world.json("ada", &get);
    assert_eq!(
        (&got["resumed_at_bytes"], hash_of(&target)),
        (&0.into(), whole)
    );
}
