//! Generated queries over generated messages find what the oracle finds, which is written from
//! docs/SEARCH.md: after edits, recalls, reactions, pins, expiry, leaving and returning, kicks,
//! stops and kills. `CAIRN_SEARCH_CASES` sets the number of queries, `CAIRN_SEARCH_SEED` the seed.

#[allow(dead_code, reason = "the oracle of another test, which uses all of it")]
#[path = "../../search/tests/naive/mod.rs"]
mod naive;

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_client::proto::content::message::{Entry, Message};
use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId, Timestamp};
use cairn_client::proto::model::group::JoinerHistory;
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::model::search::{Condition, Feature, Mark, Period, Query, Term, Test};
use cairn_client::proto::text::{EmojiName, Text, UserName};
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Client, Error, ErrorCode};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use self::naive::Known;
use super::{found_by, lift_rates, open_group, text};
use crate::support::{Server, invite, until};

const CASES: usize = 300;

/// What texts are made of.
const PARTS: &[&str] = &[
    "ubuntu",
    "Ubuntu",
    "version",
    "versions",
    "CI",
    "xorg.conf",
    "max_len",
    "good morning",
    "see",
    "you",
    "上海",
    "海市",
    "我家在",
    "东边",
    "骆",
    "可能",
    "社会主义",
    "重跑gen-itgc后",
    "，",
    "。",
    "カタカナ",
    "ガイド",
    "한국어",
    "ＵＢＵＮＴＵ",
    "café",
    "🎉",
    "10.0.0.1",
    " ",
    " ",
    "\n",
    " https://example.org/a ",
];

struct World {
    server: Server,
    random: StdRng,
    accounts: Vec<Account>,
    /// The first is the owner of the server.
    users: Vec<Client>,
    conversations: Vec<ConversationId>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let server = Server::start();
        let (ada, account) = server.owner().await;
        lift_rates(&ada).await;
        let (mut users, mut accounts) = (vec![ada.clone()], vec![account]);
        for name in ["bob", "cat", "dan"] {
            let (client, account) = invite(&ada, name).await;
            users.push(client);
            accounts.push(account);
        }
        let mut conversations = Vec::new();
        for (name, history) in [
            ("whole", JoinerHistory::All),
            ("later", JoinerHistory::FromJoin),
            ("old", JoinerHistory::All),
        ] {
            let team = open_group(&ada, name, history).await;
            for user in &users[1..] {
                user.conversation(team).join().await.unwrap();
            }
            conversations.push(team);
        }
        conversations.push(ada.conversations().direct(accounts[1].user).unwrap());
        Self {
            server,
            random: StdRng::seed_from_u64(seed),
            accounts,
            users,
            conversations,
        }
    }

    fn words(&mut self) -> String {
        let count = self.random.random_range(1..8);
        let parts: Vec<&str> = (0..count)
            .map(|_| *PARTS.choose(&mut self.random).unwrap())
            .collect();
        let glue = if self.random.random() { " " } else { "" };
        format!("{}.", parts.join(glue))
    }

    fn user(&mut self) -> Client {
        self.users.choose(&mut self.random).unwrap().clone()
    }

    /// One thing that a user does somewhere. What is refused changes nothing.
    async fn act(&mut self) {
        let user = self.user();
        let at = *self.conversations.choose(&mut self.random).unwrap();
        let words = self.words();
        let view = user.conversation(at);
        let Ok(page) = view.pull(PullRange::Before(MsgId::new(u64::MAX)), 50).await else {
            if self.random.random_bool(0.3) {
                allowed(view.join().await);
            }
            return;
        };
        let chosen = page
            .messages
            .choose(&mut self.random)
            .map(|message| message.msgid);
        let Some(chosen) = chosen else {
            allowed(view.send(text(&words)).await.map(drop));
            return;
        };
        match self.random.random_range(0..100) {
            0..60 => allowed(view.send(text(&words)).await.map(drop)),
            60..72 => allowed(view.edit(chosen, Text::new(words).unwrap()).await),
            72..82 => allowed(view.recall(chosen).await),
            82..88 => allowed(view.react(chosen, EmojiName::new("wave").unwrap()).await),
            88..92 => allowed(view.pin(chosen).await),
            92..94 => allowed(view.mark_read(chosen).await),
            94..96 => allowed(view.mark_unread(chosen).await),
            96..98 => {
                let own = vec![user.whoami().user];
                allowed(view.remove_members(own).await.map(drop));
            }
            _ => {
                let other = self.accounts.choose(&mut self.random).unwrap().user;
                allowed(view.remove_members(vec![other]).await.map(drop));
            }
        }
    }

    /// Restarts the server, after a kill or a stop.
    async fn restart(&mut self, is_kill: bool) {
        for user in &self.users {
            user.close().await;
        }
        match is_kill {
            true => self.server.kill(),
            false => assert!(self.server.stop().success()),
        }
        self.server.restart();
        self.users.clear();
        for account in &self.accounts {
            let user = Client::builder().connect(account).await;
            self.users.push(user.unwrap());
        }
    }

    /// Lets the first messages of a group expire, which were imported.
    async fn expire(&mut self) {
        let old = self.conversations[2];
        let view = self.users[0].conversation(old);
        let head = view
            .pull(PullRange::From(MsgId::new(1)), 1)
            .await
            .unwrap()
            .head;
        view.set_retention(Some(Retention::Days(1))).await.unwrap();
        until("messages expire", async || {
            view.pull(PullRange::From(MsgId::new(1)), 1)
                .await
                .unwrap()
                .floor
                .above(MsgId::ZERO)
                > 20
        })
        .await;
        assert!(head > MsgId::new(20));
    }

    async fn import(&mut self) {
        let days_ago = SystemTime::now() - Duration::from_secs(40 * 24 * 60 * 60);
        let sent_at = days_ago.duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        let entries: Vec<ImportEntry> = (0..60)
            .map(|n| ImportEntry {
                sender: UserName::new("carol").unwrap(),
                sent_at: Timestamp::new(sent_at + n),
                body: text(&self.words()),
            })
            .collect();
        let view = self.users[0].conversation(self.conversations[2]);
        view.import(ImportSource::new(1), 0, entries).await.unwrap();
    }
}

/// Accepts that users do what they may not.
fn allowed(result: Result<(), Error>) {
    match result {
        Ok(()) | Err(Error::Refused(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Everything that a user can pull, with what the oracle needs to know of each message.
async fn visible(user: &Client, conversations: &[ConversationId]) -> Vec<(MsgId, Known)> {
    let mut seen = Vec::new();
    for &conversation in conversations {
        let view = user.conversation(conversation);
        let explained = match view.explain(user.whoami().user).await {
            Ok(explained) => explained,
            Err(Error::Refused(ErrorCode::NotFound)) => continue,
            Err(error) => panic!("{error}"),
        };
        let base = explained
            .read
            .max(explained.floor)
            .max(explained.joined.prev());
        let pins: HashSet<MsgId> = view.pins().await.unwrap().into_iter().collect();
        let mut from = MsgId::new(1);
        loop {
            let page = view.pull(PullRange::From(from), 500).await.unwrap();
            let Some(last) = page.messages.last() else {
                break;
            };
            from = last.msgid.next();
            for message in page.messages {
                let Message {
                    msgid,
                    sender,
                    sent_at,
                    body,
                    extras,
                    ..
                } = message;
                let said = body.words().unwrap_or_default();
                let known = Known {
                    conversation,
                    has_link: said.contains("https://example.org"),
                    is_pinned: pins.contains(&msgid),
                    is_unread: msgid > base && sender != user.whoami().user,
                    entry: Entry {
                        sender,
                        sent_at,
                        body,
                        extras,
                    },
                };
                seen.push((msgid, known));
            }
        }
    }
    seen
}

fn test(random: &mut StdRng, seen: &[(MsgId, Known)], world: &[Account]) -> Test {
    let chosen = seen.choose(random).map(|(_, known)| &known.entry);
    let text = chosen
        .and_then(|entry| entry.body.words())
        .unwrap_or("ubuntu");
    let chars: Vec<char> = text.chars().collect();
    let start = random.random_range(0..chars.len());
    let end = (start + random.random_range(1..9)).min(chars.len());
    let cut: String = match random.random_bool(0.5) {
        true => chars[start..end].iter().collect(),
        false => (*PARTS.choose(random).unwrap()).to_owned(),
    };
    let term = Term::new(cut).unwrap();
    let user = world.choose(random).unwrap().user;
    let features = [Feature::File, Feature::Link, Feature::Reaction];
    let marks = [Mark::Pinned, Mark::Edited, Mark::Unread];
    match random.random_range(0..16) {
        0..5 => Test::Word(term),
        5..7 => Test::Prefix(term),
        7..9 => Test::Phrase(term),
        9..11 => Test::Literal(term),
        11 => Test::From(user),
        12 => Test::In(
            seen.choose(random)
                .map_or(ConversationId::new(1), |(_, k)| k.conversation),
        ),
        13 => Test::Has(*features.choose(random).unwrap()),
        14 => Test::Is(*marks.choose(random).unwrap()),
        _ => Test::Sent(Period {
            from: chosen.map_or(Timestamp::new(0), |entry| entry.sent_at),
            until: Timestamp::new(u64::MAX),
        }),
    }
}

fn query(random: &mut StdRng, seen: &[(MsgId, Known)], world: &[Account]) -> Query {
    let groups = (0..random.random_range(1..3)).map(|_| {
        let alternatives = 1 + usize::from(random.random_bool(0.2));
        let conditions = (0..alternatives).map(|_| Condition {
            negated: random.random_bool(0.15),
            test: test(random, seen, world),
        });
        conditions.collect()
    });
    Query::new(groups.collect()).unwrap()
}

/// Compares queries of all users with the oracle. Returns how many messages were found.
async fn compare(world: &mut World, cases: usize) -> usize {
    let mut found_messages = 0;
    for user in &world.users {
        let seen = visible(user, &world.conversations).await;
        for _ in 0..cases.div_ceil(world.users.len()) {
            let query = query(&mut world.random, &seen, &world.accounts);
            let mut expected = BTreeMap::new();
            for (msgid, known) in &seen {
                if let Some(highlights) = naive::search(&query, known) {
                    expected.insert((known.conversation, *msgid), highlights);
                }
            }
            let hits = world.random.random_range(1..=50);
            let found = found_by(user, query.clone(), hits).await;
            let mut last = BTreeMap::new();
            for hit in &found {
                let (conversation, msgid) = (hit.message.conversation, hit.message.msgid);
                let before = last.insert(conversation, msgid);
                assert!(
                    before.is_none_or(|before| before > msgid),
                    "{query:?}: the order"
                );
            }
            let found: BTreeMap<_, _> = found
                .into_iter()
                .map(|hit| {
                    (
                        (hit.message.conversation, hit.message.msgid),
                        hit.highlights,
                    )
                })
                .collect();
            assert_eq!(found, expected, "{query:?}");
            found_messages += found.len();
        }
    }
    found_messages
}

#[tokio::test]
async fn scan_equals_oracle() {
    let number = |name, default| std::env::var(name).map_or(default, |raw| raw.parse().unwrap());
    let cases: usize = number("CAIRN_SEARCH_CASES", CASES);
    let seed: usize = number("CAIRN_SEARCH_SEED", 1);
    let mut world = World::new(seed as u64).await;
    world.import().await;
    let mut found = 0;
    let phases = [
        "begun",
        "changed",
        "killed",
        "stopped",
        "expired",
        "killed again",
    ];
    for phase in phases {
        for _ in 0..120 {
            world.act().await;
        }
        match phase {
            "killed" | "killed again" => world.restart(true).await,
            "stopped" => world.restart(false).await,
            "expired" => world.expire().await,
            _ => {}
        }
        found += compare(&mut world, cases.div_ceil(phases.len())).await;
    }
    assert!(
        found > cases,
        "{found} messages of {cases} queries: too few"
    );
}
