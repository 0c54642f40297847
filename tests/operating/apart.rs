//! Parts of a data directory that do not belong together: of different ages, or of two directories.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cairn_client::Client;
use cairn_client::proto::content::body::Body;

use super::{DATA_UNUSABLE, assert_refused, copy, doctor, outcome, serve, serve_once, stderr};
use crate::support::Server;

/// sled takes some damage for a torn write and falls back to an earlier state. So when the log
/// begins after the trees, either of the two may have lost data, and the error must name both.
#[tokio::test]
async fn trees_older_than_the_log_are_named_as_well() {
    let mut server = Server::start();
    let (owner, account) = server.owner().await;
    let group = owner
        .conversations()
        .create_group("team".parse().unwrap(), Vec::new())
        .await
        .unwrap();
    owner.close().await;
    assert!(server.stop().success());
    let (trees, earlier) = (
        server.data().join("trees"),
        server.data().with_file_name("earlier"),
    );
    copy(&trees, &earlier);
    server.restart();
    let owner = Client::builder().connect(&account).await.unwrap();
    let text = Body::Text("hello".parse().unwrap());
    owner.conversation(group).send(text).await.unwrap();
    owner.close().await;
    assert!(server.stop().success());
    fs::remove_dir_all(&trees).unwrap();
    fs::rename(&earlier, &trees).unwrap();

    for (output, exit) in [
        (outcome(&mut serve(server.data())), DATA_UNUSABLE),
        (doctor(server.data(), &[]), 1),
    ] {
        let said = stderr(&output);
        let words: Vec<&str> = said.split_whitespace().collect();
        let number = |at: usize| {
            words[at]
                .trim_end_matches([',', ':'])
                .parse::<u64>()
                .unwrap()
        };
        let (end, first) = (number(6), number(13));
        assert!(end + 1 < first, "{said}");
        let headline = format!(
            "the trees end with batch {end}, but the commit log begins with {first}: either the \
                trees are damaged and fell back to an earlier state, or the first segments of the \
                log are missing; restore the data directory from a backup"
        );
        assert_refused(&output, exit, &headline);
    }
}

/// Moves a file or a folder from one data directory into another.
fn graft(part: &str, from: &Path, to: &Path) {
    let (from, to) = (from.join(part), to.join(part));
    if from.is_dir() {
        fs::remove_dir_all(&to).unwrap();
        copy(&from, &to);
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// The segments of a log, which are named after their first batch.
fn segments(data: &Path) -> Vec<String> {
    let entries = fs::read_dir(data.join("log")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with('0')).collect();
    names.sort();
    names
}

/// Creates data directories until two have histories of the same length: a server may log its clock
/// more than once while it starts.
fn same_history(dir: &Path) -> [PathBuf; 2] {
    let mut seen = BTreeMap::new();
    for attempt in 0..50 {
        let data = dir.join(attempt.to_string());
        serve_once(&mut serve(&data)).unwrap();
        if let Some(earlier) = seen.insert(segments(&data), data.clone()) {
            return [earlier, data];
        }
    }
    panic!(
        "each of 50 first starts wrote another history: {:?}",
        seen.keys()
    );
}

/// Two directories with the same history differ in their ids alone.
#[test]
fn parts_of_two_directories_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let [ours, theirs] = same_history(dir.path());
    let mixed = dir.path().join("mixed");
    let id = |data: &Path| {
        let key = fs::read_to_string(data.join("identity/key.pem")).unwrap();
        let (first, _) = key.split_once('\n').unwrap();
        first.strip_prefix("directory ").unwrap().to_owned()
    };
    // Which segment of the log is named depends on what was committed while the server started.
    let grafts = [
        (&["identity/key.pem"][..], "identity/key.pem belongs to"),
        (&["watermark"], "watermark belongs to"),
        (&["log", "watermark"], "watermark belongs to"),
        (&["log"], "log/0"),
    ];
    for (parts, named) in grafts {
        copy(&ours, &mixed);
        for part in parts {
            graft(part, &theirs, &mixed);
        }
        for (output, exit) in [
            (outcome(&mut serve(&mixed)), DATA_UNUSABLE),
            (doctor(&mixed, &[]), 1),
        ] {
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(exit), "{parts:?}: {said}");
            let named = mixed.join(named);
            assert!(said.contains(named.to_str().unwrap()), "{said}");
            assert!(said.contains(" belongs to data directory "), "{said}");
            assert!(
                said.contains(&id(&theirs)) && said.contains(&id(&ours)),
                "{said}"
            );
            assert!(
                said.contains("restore all parts of the data directory"),
                "{said}"
            );
        }
        fs::remove_dir_all(&mixed).unwrap();
    }
    copy(&ours, &mixed);
    graft("trees", &theirs, &mixed);
    let said = stderr(&outcome(&mut serve(&mixed)));
    let expected = format!("and the trees to {}", id(&theirs));
    assert!(said.contains(&expected), "{said}");
}
