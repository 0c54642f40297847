//! Trees that are older than the commit log.

use std::fs;

use cairn_client::Client;
use cairn_client::proto::content::body::Body;

use super::{DATA_UNUSABLE, assert_refused, copy, doctor, outcome, serve, stderr};
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
