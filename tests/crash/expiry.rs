//! SIGKILL during expiry, at any moment: also during a graceful stop, which moves everything into
//! the trees, and during `cairn compact`. Expired messages stay expired, no other message is lost,
//! and a file is removed with the last message that refers to it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId, Timestamp};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::text::{GroupName, SettingName, SettingValue, Text, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Client, Error, TransferError};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep, timeout};

use super::collection::{collected, cut_off};
use super::files::{Sender, content};
use super::{meanwhile, random, rounds};
use crate::support::{PATIENCE, Server, cairn, invite};

/// Groups whose messages expire by age.
const AGEING: usize = 3;

/// Files sent at the end and never acked, so they do not expire.
const KEPT_FILES: usize = 4;

/// How often to poll for expiry, and how many times before the policy is changed, which makes the
/// server examine the group again.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
const LOOKS_PER_POLICY: u32 = 50;

const SOURCE: ImportSource = ImportSource::new(1);

fn group_name(name: &str) -> GroupName {
    GroupName::new(name).unwrap()
}

/// A week ago.
fn long_ago() -> Timestamp {
    let then = SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
        - Duration::from_secs(7 * 24 * 60 * 60);
    Timestamp::new(then.as_millis() as u64)
}

/// A group whose messages expire by age. Its texts are numbers, counted from 0.
struct Ageing {
    id: ConversationId,
    said: u64,
    imported: u64,
    /// The first text that is too new to expire. It and all later ones stay.
    fresh: Option<u64>,
}

/// Imports old messages, sends new ones, and changes policies, which starts expiry.
struct Historian {
    client: Client,
    groups: Vec<Ageing>,
    random: StdRng,
    done: Arc<watch::Sender<u64>>,
}

impl Historian {
    async fn work(mut self, enough: watch::Receiver<bool>) -> Vec<Ageing> {
        while !*enough.borrow() {
            let at = self.random.random_range(0..self.groups.len());
            if self.random.random_bool(0.3) {
                let policy = Retention::Days(self.random.random_range(1..4));
                self.client
                    .conversation(self.groups[at].id)
                    .set_retention(Some(policy))
                    .await
                    .unwrap();
            }
            // Nothing new is sent to the first group, so its floor keeps rising.
            match at > 0 && self.random.random_bool(0.1) {
                true => self.send(at).await,
                false => self.import(at).await,
            }
            self.done.send_modify(|done| *done += 1);
        }
        self.groups
    }

    async fn import(&mut self, at: usize) {
        let group = &mut self.groups[at];
        // Messages that stay are read again in each round, so there should be few of them.
        let most = if group.fresh.is_none() { 300 } else { 20 };
        let count = self.random.random_range(1..most);
        let old = |number: u64| ImportEntry {
            sender: UserName::new("carol").unwrap(),
            sent_at: long_ago(),
            body: Body::Text(Text::new(number.to_string()).unwrap()),
        };
        self.client
            .conversation(group.id)
            .import(
                SOURCE,
                group.imported,
                (group.said..group.said + count).map(old).collect(),
            )
            .await
            .unwrap();
        group.said += count;
        group.imported += count;
    }

    async fn send(&mut self, at: usize) {
        let group = &mut self.groups[at];
        self.client
            .conversation(group.id)
            .send(Body::Text(Text::new(group.said.to_string()).unwrap()))
            .await
            .unwrap();
        group.fresh.get_or_insert(group.said);
        group.said += 1;
    }
}

/// Sends files and acks them, so that they expire.
async fn send_and_ack(
    mut sender: Sender,
    policy: impl Fn(u32) -> Option<Retention>,
    enough: watch::Receiver<bool>,
) -> Sender {
    while !*enough.borrow() {
        sender.send().await;
        let (last, _) = sender.sent.last().unwrap();
        sender.client.conversation(sender.team).ack(*last);
        if sender.random.random_bool(0.3)
            && let Some(policy) = policy(sender.random.random_range(1..4))
        {
            sender
                .client
                .conversation(sender.team)
                .set_retention(Some(policy))
                .await
                .unwrap();
        }
        sender.done.send_modify(|done| *done += 1);
    }
    for _ in 0..KEPT_FILES {
        sender.send().await;
    }
    sender
}

/// Kills the server at once or during a graceful stop; or stops it, and kills `cairn compact`.
async fn end(server: Server, random: &mut StdRng) -> Server {
    let a_moment = Duration::from_secs_f64(random.random_range(0.0..0.3));
    let way = random.random_range(0..3);
    if way == 2 {
        let server = meanwhile(server, |server| assert!(server.stop().success())).await;
        let compact = ["compact", "--json", "--data"];
        let mut compact = cairn(&compact)
            .arg(server.data())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        sleep(a_moment).await;
        compact.kill().unwrap();
        compact.wait().unwrap();
        return server;
    }
    if way == 1 {
        server.ask_to_stop();
        sleep(a_moment).await;
    }
    meanwhile(server, Server::kill).await
}

/// The highest floor seen of each conversation. Floors never fall.
#[derive(Default)]
struct Floors(BTreeMap<ConversationId, MsgId>);

impl Floors {
    async fn look(&mut self, client: &Client, conversation: ConversationId) -> MsgId {
        let floor = client
            .conversation(conversation)
            .pull(PullRange::From(MsgId::new(1)), 1)
            .await
            .unwrap()
            .floor;
        let before = self.0.insert(conversation, floor).unwrap_or(MsgId::ZERO);
        assert!(
            floor >= before,
            "the floor of {conversation} went back from {before} to {floor}"
        );
        floor
    }
}

/// Reads a conversation. Every entry above its floor must be present.
async fn read(client: &Client, conversation: ConversationId) -> Vec<(MsgId, Body)> {
    let (mut history, mut read, mut last) = (
        client.conversation(conversation).history(MsgId::new(1)),
        Vec::new(),
        MsgId::ZERO,
    );
    while let Some(batch) = timeout(PATIENCE, history.next_batch())
        .await
        .expect("a history does not end")
    {
        for message in batch.unwrap() {
            let floor = history.floor();
            assert!(
                message.msgid == last.next() || message.msgid <= floor.next(),
                "{last}, floor {floor}, {}",
                message.msgid
            );
            last = message.msgid;
            read.push((last, message.body));
        }
    }
    read
}

/// The numbers in a group's messages, which must ascend.
async fn numbers(client: &Client, conversation: ConversationId) -> Vec<u64> {
    let texts = read(client, conversation)
        .await
        .into_iter()
        .filter_map(|(_, body)| match body {
            Body::Text(text) => Some(text.as_str().parse().unwrap()),
            _ => None,
        });
    let numbers: Vec<u64> = texts.collect();
    assert!(
        numbers.windows(2).all(|pair| pair[1] > pair[0]),
        "something is doubled: {numbers:?}"
    );
    numbers
}

/// Sets the policies in turn, to start expiry, until `is_done`.
async fn until_gone(
    client: &Client,
    conversation: ConversationId,
    policies: [Retention; 2],
    is_done: impl AsyncFn() -> bool,
) {
    let looks = async {
        let mut looks = interval(LOOK_INTERVAL);
        for policy in policies.into_iter().cycle() {
            client
                .conversation(conversation)
                .set_retention(Some(policy))
                .await
                .unwrap();
            for _ in 0..LOOKS_PER_POLICY {
                if is_done().await {
                    return;
                }
                looks.tick().await;
            }
        }
    };
    timeout(PATIENCE, looks)
        .await
        .unwrap_or_else(|_| panic!("what may go from {conversation} does not go"));
}

/// Checks that a group keeps exactly its messages from the first fresh one on.
async fn check_ageing(client: &Client, group: &Ageing) {
    let left: Vec<u64> = (group.fresh.unwrap_or(group.said)..group.said).collect();
    until_gone(
        client,
        group.id,
        [Retention::Days(1), Retention::Days(2)],
        async || {
            let found = numbers(client, group.id).await;
            assert!(
                found.ends_with(&left),
                "of {} texts {left:?} must be there, and {found:?} are",
                group.said
            );
            found.len() == left.len()
        },
    )
    .await;
}

async fn delivered(client: &Client, conversation: ConversationId) -> MsgId {
    client
        .conversations()
        .list()
        .await
        .unwrap()
        .into_iter()
        .find(|found| found.id == conversation)
        .unwrap()
        .delivered
}

/// Checks that the group with `UntilAcked` keeps exactly the messages above the lowest ack. Returns
/// that ack.
async fn check_acked(senders: &[Sender], floors: &mut Floors) -> MsgId {
    let (owner, team) = (&senders[0].client, senders[0].team);
    let lowest_ack = async || {
        let mut acked = MsgId::new(u64::MAX);
        for Sender { client, .. } in senders {
            acked = acked.min(delivered(client, team).await);
        }
        acked
    };
    assert!(
        lowest_ack().await > floors.look(owner, team).await.min(MsgId::new(1)),
        "nobody acked anything"
    );
    let until_acked = |cap_days| Retention::UntilAcked { cap_days };
    let reached = Cell::new(MsgId::ZERO);
    until_gone(owner, team, [until_acked(1), until_acked(2)], async || {
        let page = owner
            .conversation(team)
            .pull(PullRange::From(MsgId::new(1)), 1)
            .await
            .unwrap();
        // Read after the floor: devices may still ack what was pushed to them.
        let acked = lowest_ack().await;
        assert!(
            page.floor <= acked,
            "{} is gone, and only {acked} was acked",
            page.floor
        );
        reached.set(acked);
        page.floor == acked
    })
    .await;
    let acked = reached.get();
    let left: BTreeSet<MsgId> = read(owner, team)
        .await
        .into_iter()
        .map(|(msgid, _)| msgid)
        .collect();
    for (msgid, _) in senders.iter().flat_map(|sender| &sender.sent) {
        assert_eq!(left.contains(msgid), *msgid > acked, "message {msgid}");
    }
    acked
}

/// The files of messages above the floor.
fn named(senders: &[Sender], floor: MsgId) -> BTreeSet<String> {
    let sent = senders.iter().flat_map(|sender| &sender.sent);
    sent.filter(|(msgid, _)| *msgid > floor)
        .map(|(_, file)| file.hash.to_string())
        .collect()
}

/// Checks that exactly these files are stored, and that downloads of the others report the expiry.
async fn check_files(server: &Server, senders: &[Sender], floor: MsgId) {
    let (sent, named) = (
        || senders.iter().flat_map(|sender| &sender.sent),
        named(senders, floor),
    );
    assert!(named.len() >= KEPT_FILES, "{} files stay", named.len());
    collected(server.data().to_owned(), &named).await;
    let (client, team, dir) = (
        &senders[0].client,
        senders[0].team,
        tempfile::tempdir().unwrap(),
    );
    let mut gone = 0;
    for (msgid, file) in sent() {
        let path = dir.path().join(msgid.to_string());
        match client
            .conversation(team)
            .download(*msgid, file, &path, |_| {})
            .await
        {
            Ok(_) if *msgid > floor => assert!(
                std::fs::read(&path).unwrap() == content(file),
                "message {msgid} gives another file"
            ),
            Err(TransferError::Client(Error::Refused(ErrorCode::Expired))) if *msgid <= floor => {
                gone += 1
            }
            other => panic!("message {msgid} above the floor {floor}: {other:?}"),
        }
    }
    println!(
        "{} files stay, and {gone} messages are gone that named some",
        named.len()
    );
}

/// The running clients.
struct Company {
    historian: JoinHandle<Vec<Ageing>>,
    /// The first one is the owner of the group.
    senders: [JoinHandle<Sender>; 2],
    enough: watch::Sender<bool>,
    done: Arc<watch::Sender<u64>>,
}

impl Company {
    async fn gather(server: &Server, seed: u64) -> (Self, Client, Vec<ConversationId>) {
        let (ada, _) = server.owner().await;
        let (name, value) = (
            SettingName::new("attachment-unsent-hours").unwrap(),
            SettingValue::new("0").unwrap(),
        );
        ada.admin().set_setting(name, value).await.unwrap();
        let (bob, bob_account) = invite(&ada, "bob").await;
        let (enough, done) = (watch::Sender::new(false), Arc::new(watch::Sender::new(0)));
        let (mut groups, mut ids) = (Vec::new(), Vec::new());
        for n in 0..AGEING {
            let id = ada
                .conversations()
                .create_group(group_name(&format!("ageing {n}")), Vec::new())
                .await
                .unwrap();
            ada.conversation(id)
                .set_retention(Some(Retention::Days(1)))
                .await
                .unwrap();
            groups.push(Ageing {
                id,
                said: 0,
                imported: 0,
                fresh: None,
            });
            ids.push(id);
        }
        let team = ada
            .conversations()
            .create_group(group_name("acked"), vec![bob_account.user])
            .await
            .unwrap();
        ids.push(team);
        let random = |n| StdRng::seed_from_u64(seed.wrapping_add(n));
        let historian = Historian {
            client: ada.clone(),
            groups,
            random: random(0),
            done: done.clone(),
        };
        let sender = |client: &Client, n| Sender {
            client: client.clone(),
            team,
            random: random(n),
            sent: Vec::new(),
            done: done.clone(),
        };
        let as_owner = |cap_days| Some(Retention::UntilAcked { cap_days });
        let senders = [
            tokio::spawn(send_and_ack(sender(&ada, 1), as_owner, enough.subscribe())),
            tokio::spawn(send_and_ack(sender(&bob, 2), |_| None, enough.subscribe())),
        ];
        let historian = tokio::spawn(historian.work(enough.subscribe()));
        (
            Self {
                historian,
                senders,
                enough,
                done,
            },
            ada,
            ids,
        )
    }

    async fn get_on(&self, steps: u64) {
        let target = *self.done.borrow() + steps;
        timeout(
            PATIENCE,
            self.done.subscribe().wait_for(|done| *done >= target),
        )
        .await
        .expect("nobody gets anywhere")
        .unwrap();
    }

    /// Stops all clients.
    async fn end(self) -> (Vec<Ageing>, Vec<Sender>) {
        self.enough.send_replace(true);
        let groups = timeout(PATIENCE, self.historian)
            .await
            .expect("the historian gets nowhere")
            .unwrap();
        let mut senders = Vec::new();
        for sender in self.senders {
            senders.push(
                timeout(PATIENCE, sender)
                    .await
                    .expect("a sender gets nowhere")
                    .unwrap(),
            );
        }
        (groups, senders)
    }
}

#[tokio::test]
async fn kill_during_expiry_is_consistent() {
    let (seed, mut random) = random();
    let mut server = Server::start();
    let (company, ada, conversations) = Company::gather(&server, seed).await;
    let mut floors = Floors::default();
    for round in 0..2 * rounds() {
        company.get_on(random.random_range(0..12)).await;
        sleep(Duration::from_micros(random.random_range(0..100_000))).await;
        server = end(server, &mut random).await;
        server = meanwhile(server, Server::restart).await;
        for &conversation in &conversations {
            let floor = floors.look(&ada, conversation).await;
            let read = read(&ada, conversation).await;
            println!(
                "round {round}: {} entries of {conversation} above {floor}",
                read.len()
            );
        }
    }
    let (groups, senders) = company.end().await;
    for group in &groups {
        check_ageing(&ada, group).await;
    }
    let floor = check_acked(&senders, &mut floors).await;
    let server = cut_off(server, &ada, &named(&senders, floor)).await;
    check_files(&server, &senders, floor).await;
    for conversation in conversations {
        floors.look(&ada, conversation).await;
    }
    let server = meanwhile(server, |server| assert!(server.stop().success())).await;
    let doctor = cairn(&["doctor", "--full", "--json", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    assert!(
        doctor.status.success(),
        "the doctor complains: {}",
        String::from_utf8_lossy(&doctor.stderr)
    );
}
