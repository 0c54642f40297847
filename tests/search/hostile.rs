//! Hostile queries: bounded and answered clearly, and others are not affected.

use std::time::{Duration, Instant};

use cairn_client::proto::model::search::Query;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error};

use super::{find, group, lift_rates, query, say, say_all};
use crate::support::{Server, invite, soon};

/// Runs a query to its end, and returns how often it found something.
async fn outcome(client: &Client, words: &str) -> Result<usize, String> {
    let now = jiff::Zoned::now();
    let query: Query = client
        .parse_query(words, &now)
        .await
        .map_err(|error| error.to_string())?;
    Ok(super::found_by(client, query, 50).await.len())
}

#[tokio::test]
async fn odd_queries_are_answered_or_refused_clearly() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let team = group(&ada, "team", &[]).await;
    say(&ada, team, "an ordinary message").await;
    let deep = "\"".repeat(10_001);
    let terms: String = (0..10_000).map(|n| format!("word{n} ")).collect();
    let long = "x".repeat(64 * 1024);
    let queries = [
        &long,
        &terms,
        &deep,
        "\0",
        "a\0b",
        "",
        " ",
        "-",
        "\"",
        "\"\"",
        "*",
        "**",
        "OR",
        "or",
        "- - -",
        "OR OR OR",
        "a OR",
        "OR a",
        "from:",
        "in:",
        "before:",
        "after:",
        "on:",
        "has:",
        "is:",
        "mentions:",
        "from:nobody",
        "in:#nowhere",
        "before:never",
        "has:nothing",
        "is:nothing",
        "x:y",
        ":",
        "::",
        "-from:me",
        "\u{202e}",
        "\u{200b}",
        "🎉",
        "%",
        "_",
        "\\",
    ];
    for words in queries {
        let shown: String = words.chars().take(20).collect();
        match soon("a query ends", outcome(&ada, words)).await {
            Ok(found) => assert!(found <= 1, "{shown:?}"),
            Err(reason) => assert!(
                !reason.is_empty() && reason.len() < 300,
                "{shown:?}: {reason}"
            ),
        }
    }
    for words in [&long, &terms] {
        assert!(outcome(&ada, words).await.is_err());
    }
    assert_eq!(
        find(&ada, "ordinary").await.len(),
        1,
        "and the session goes on"
    );
}

/// One user asks 1,000 queries at once. Another one searches and sends meanwhile.
#[tokio::test]
async fn many_queries_of_one_user_delay_only_that_user() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    lift_rates(&ada).await;
    let (bob, account) = invite(&ada, "bob").await;
    let team = group(&ada, "team", &[&account]).await;
    let texts: Vec<String> = (0..4_000).map(|n| format!("said as number {n}")).collect();
    for part in texts.chunks(1_000) {
        say_all(&ada, team, part).await;
    }
    let flood = {
        let ada = ada.clone();
        let query = query(&ada, "absent").await;
        tokio::spawn(async move {
            let mut searches = tokio::task::JoinSet::new();
            for _ in 0..1_000 {
                let mut search = ada.search(query.clone());
                searches.spawn(async move {
                    match search.next().await {
                        None => {}
                        Some(Err(Error::Refused(ErrorCode::RateLimited))) => {}
                        other => panic!("{other:?}"),
                    }
                });
            }
            while let Some(done) = searches.join_next().await {
                done.unwrap();
            }
        })
    };
    let mut longest = Duration::ZERO;
    for n in 0..20 {
        let began = Instant::now();
        say(&bob, team, &format!("beside it {n}")).await;
        assert_eq!(find(&bob, "beside").await.len(), n + 1);
        longest = longest.max(began.elapsed());
    }
    assert!(longest < Duration::from_secs(10), "{longest:?}");
    // Dropping the searches ends them.
    flood.abort();
    assert!(flood.await.unwrap_err().is_cancelled());
    assert_eq!(find(&ada, "beside").await.len(), 20);
}
