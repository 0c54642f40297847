//! The work of a search does not depend on what its user may not see.

use cairn_client::Client;
use cairn_client::proto::model::group::{GroupSettings, JoinerHistory};

use super::{find, group, lift_rates, say_all};
use crate::support::{Server, invite};

/// The number of queries, half of them for each word.
const QUERIES: usize = 1_000;

/// Blocks that a query reads, by the counters of the server.
async fn blocks_of(owner: &Client, client: &Client, words: &str) -> u64 {
    let before = owner.admin().metrics().await.unwrap().searches;
    assert_eq!(find(client, words).await, []);
    let after = owner.admin().metrics().await.unwrap().searches;
    after.since(&before).unwrap().blocks
}

/// The probability that two samples of one distribution differ at least so much (Mann-Whitney, by
/// the normal approximation with a correction for ties). 1 for equal constants.
fn p_value(one: &[u64], other: &[u64]) -> f64 {
    let (n, m) = (one.len() as f64, other.len() as f64);
    let mut all: Vec<(u64, bool)> = one.iter().map(|&value| (value, true)).collect();
    all.extend(other.iter().map(|&value| (value, false)));
    all.sort_unstable();
    let (mut rank_sum, mut ties, mut below) = (0.0, 0.0, 0.0);
    for same in all.chunk_by(|a, b| a.0 == b.0) {
        let count = same.len() as f64;
        let rank = below + (count + 1.0) / 2.0;
        rank_sum += rank * same.iter().filter(|(_, is_one)| *is_one).count() as f64;
        ties += count.powi(3) - count;
        below += count;
    }
    let u = rank_sum - n * (n + 1.0) / 2.0;
    let total = n + m;
    let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = (u - n * m / 2.0).abs() / variance.sqrt();
    // Twice the upper tail of the normal distribution (Abramowitz and Stegun, 7.1.26).
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ]
    .iter()
    .fold(0.0, |sum, factor| (sum + factor) * t);
    poly * (-x * x).exp()
}

#[tokio::test]
async fn words_of_others_cost_as_much_as_words_of_nobody() {
    let mut server = Server::start();
    let (ada, owner) = server.owner().await;
    lift_rates(&ada).await;
    let (bob, account) = invite(&ada, "bob").await;
    let secrets: Vec<String> = (0..300).map(|n| format!("secret number {n}")).collect();
    let later = group(&ada, "later", &[]).await;
    let settings = GroupSettings {
        history: JoinerHistory::FromJoin,
        ..GroupSettings::default()
    };
    ada.conversation(later)
        .set_group_settings(settings)
        .await
        .unwrap();
    let hidden = group(&ada, "hidden", &[]).await;
    let team = group(&ada, "team", &[&account]).await;
    // What bob may not see: another group, entries from before the join, recalled messages.
    say_all(&ada, hidden, &secrets).await;
    say_all(&ada, later, &secrets).await;
    ada.conversation(later)
        .add_members(vec![account.user])
        .await
        .unwrap();
    let recalled = say_all(&ada, team, &secrets[..20]).await;
    let open: Vec<String> = (0..500).map(|n| format!("said openly {n}")).collect();
    say_all(&ada, later, &open).await;
    say_all(&ada, team, &open).await;
    for msgid in recalled {
        ada.conversation(team).recall(msgid).await.unwrap();
    }
    // From here on a block holds entries from before the join and after it.
    bob.close().await;
    ada.close().await;
    assert!(server.stop().success());
    server.restart();
    let ada = Client::builder().connect(&owner).await.unwrap();
    let bob = Client::builder().connect(&account).await.unwrap();
    let (mut of_others, mut of_nobody) = (Vec::new(), Vec::new());
    for _ in 0..QUERIES / 2 {
        of_others.push(blocks_of(&ada, &bob, "secret").await);
        of_nobody.push(blocks_of(&ada, &bob, "sacred").await);
    }
    let p = p_value(&of_others, &of_nobody);
    assert!(p > 0.01, "p = {p}: {} and {}", of_others[0], of_nobody[0]);
    assert!(of_others[0] > 0);
    assert_eq!(
        find(&ada, "secret in:#hidden").await.len(),
        secrets.len(),
        "the control"
    );
}

/// A server that reads one block more for one word in fifty is found out.
#[test]
fn planted_leak_is_found() {
    let honest: Vec<u64> = vec![18; QUERIES / 2];
    let leaking: Vec<u64> = (0..QUERIES as u64 / 2)
        .map(|n| 18 + u64::from(n % 50 == 0))
        .collect();
    assert!(p_value(&honest, &leaking) < 0.01);
    assert!(p_value(&honest, &honest) > 0.99);
    let noise = |seed: u64| -> Vec<u64> {
        (0..QUERIES as u64 / 2)
            .map(|n| 18 + (n.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 7) % 3)
            .collect()
    };
    assert!(p_value(&noise(1), &noise(77)) > 0.01);
}
