//! One script.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::model::group::MemberSettings;
use cairn_client::{Account, Client, LoginRequest, MsgId};
use cairn_session::{Command, Place, RowKey, What};
use cairn_testing::Server;
use tokio::time::timeout;

use crate::compare;
use crate::device::Device;
use crate::random::Random;
use crate::truth::Truth;
use crate::written::{Written, check_edits};

/// The users, and how many devices each has.
const USERS: [(&str, u16); 3] = [("ada", 2), ("bob", 2), ("eve", 1)];

/// The time in which a whole script ends, with the waiting of comparisons.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) server: Server,
    pub(crate) is_serving: bool,
    /// One more client of each user, which only reads.
    observers: Vec<Client>,
    pub(crate) devices: Vec<Device>,
    conversations: Vec<ConversationId>,
    pub(crate) written: Written,
    /// Texts and files so far.
    pub(crate) count: u64,
}

/// Runs the script of a seed.
pub(crate) async fn run(seed: u64) {
    let script = async {
        let mut world = World::new(seed).await;
        for _ in 0..30 + world.random.below(50) {
            world.step().await;
        }
        world.compare().await;
    };
    let is_over = timeout(PATIENCE, script).await.is_ok();
    assert!(is_over, "the script of seed {seed} does not end");
}

impl World {
    async fn new(seed: u64) -> Self {
        let (server, link) = Server::start(Default::default()).await;
        let (owner, account) = server.join(&link, USERS[0].0).await;
        let mut observers = vec![owner];
        let mut accounts = vec![account];
        for (name, _) in &USERS[1..] {
            let (client, account) = server.invite(&observers[0], name).await;
            observers.push(client);
            accounts.push(account);
        }
        let members = accounts[1..].iter().map(|account| account.user).collect();
        let conversations = observers[0].conversations();
        let team = conversations
            .create_group("team".parse().unwrap(), members)
            .await;
        let both = vec![accounts[1].user];
        let pair = conversations
            .create_group("pair".parse().unwrap(), both)
            .await;
        let direct = conversations.direct(accounts[1].user).unwrap();
        let mut devices = Vec::new();
        for ((_, count), (account, client)) in USERS.iter().zip(accounts.iter().zip(&observers)) {
            for number in 0..*count {
                let account = match number {
                    0 => account.clone(),
                    _ => second_device(&server, client, account).await,
                };
                let number = 100 + u16::try_from(devices.len()).unwrap();
                let mut device = Device::new(number, account);
                device.open(&server);
                devices.push(device);
            }
        }
        Self {
            random: Random::new(seed),
            server,
            is_serving: true,
            observers,
            devices,
            conversations: vec![team.unwrap(), pair.unwrap(), direct],
            written: Written::default(),
            count: 0,
        }
    }

    /// A conversation that the device's user is in.
    fn conversation(&mut self, device: usize) -> ConversationId {
        let in_all = device < 4;
        let last = if in_all { self.conversations.len() } else { 1 };
        self.conversations[self.random.index(last)]
    }

    async fn step(&mut self) {
        let device = self.random.index(self.devices.len());
        let id = self.conversation(device);
        match self.random.below(28) {
            0..=5 => self.send(device, id).await,
            6..=7 => self.edit(device, id).await,
            8 => self.recall(device, id).await,
            9 => self.react(device, id).await,
            10..=11 => self.open(device, id).await,
            12..=13 => self.see(device, id).await,
            14 => self.mark(device, id).await,
            15 => self.write(device, id).await,
            16 => {
                let has_attention = self.random.below(2) == 0;
                let command = Command::Attention(has_attention);
                self.devices[device].perform(command).await;
            }
            17..=18 => self.devices[device].disconnect(&self.server),
            19 => {
                self.devices[device].close().await;
                self.devices[device].open(&self.server);
            }
            20 if self.is_serving => {
                self.server.stop().await;
                self.is_serving = false;
            }
            20 => self.serve().await,
            21 => self.set(device, id).await,
            22..=23 => self.reply(device, id).await,
            24 => self.send_files(device, id).await,
            25 => self.break_upload(device, id).await,
            _ => {
                let pause = Duration::from_millis(self.random.below(40));
                let session = self.devices[device].session();
                let _ = timeout(pause, session.changed()).await;
            }
        }
    }

    pub(crate) async fn serve(&mut self) {
        if !self.is_serving {
            self.server.run().await;
            self.is_serving = true;
        }
    }

    async fn recall(&mut self, device: usize, id: ConversationId) {
        if let Some(msgid) = self.own(device, id) {
            let client = self.devices[device].session().client();
            let recalled = client.conversation(id).recall(msgid);
            let _ = timeout(Duration::from_millis(20), recalled).await;
        }
    }

    /// An own message that the device holds.
    pub(crate) fn own(&mut self, device: usize, id: ConversationId) -> Option<MsgId> {
        let window = self.devices[device].session().model().window(id)?;
        let own = window.rows.iter().filter_map(|row| match &row.what {
            What::Message(message) if message.is_mine => Some(message.msgid),
            _ => None,
        });
        let own: Vec<MsgId> = own.collect();
        self.random.pick(&own).copied()
    }

    /// A message that the device holds.
    pub(crate) fn message(&mut self, device: usize, id: ConversationId) -> Option<MsgId> {
        let window = self.devices[device].session().model().window(id)?;
        let messages = window.rows.iter().filter_map(|row| match &row.what {
            What::Message(message) => Some(message.msgid),
            _ => None,
        });
        let messages: Vec<MsgId> = messages.collect();
        self.random.pick(&messages).copied()
    }

    async fn react(&mut self, device: usize, id: ConversationId) {
        if let Some(msgid) = self.message(device, id) {
            let client = self.devices[device].session().client();
            let reacted = client
                .conversation(id)
                .react(msgid, "tada".parse().unwrap());
            let _ = timeout(Duration::from_millis(20), reacted).await;
        }
    }

    async fn open(&mut self, device: usize, id: ConversationId) {
        let at = match self.random.below(3) {
            0 => Place::FirstUnread,
            1 => Place::At(MsgId::new(self.random.below(30))),
            _ => Place::End,
        };
        let command = Command::Open {
            conversation: id,
            at,
        };
        self.devices[device].perform(command).await;
    }

    async fn see(&mut self, device: usize, id: ConversationId) {
        let window = self.devices[device].session().model().window(id);
        let rows = window.map(|window| window.rows).unwrap_or_default();
        let keys: Vec<RowKey> = rows.iter().map(|row| row.key).collect();
        if keys.is_empty() {
            return;
        }
        let last = match self.random.below(2) {
            0 => keys.len() - 1,
            _ => self.random.index(keys.len()),
        };
        let command = Command::Seen {
            conversation: id,
            first: keys[last.saturating_sub(10)],
            last: keys[last],
        };
        self.devices[device].perform(command).await;
    }

    async fn mark(&mut self, device: usize, id: ConversationId) {
        let command = match self.random.below(2) {
            0 => Command::MarkRead(id),
            _ => Command::MarkUnread {
                conversation: id,
                from: MsgId::new(self.random.below(20) + 1),
            },
        };
        self.devices[device].perform(command).await;
    }

    async fn set(&mut self, device: usize, id: ConversationId) {
        let settings = MemberSettings {
            favourite: self.random.below(2) == 0,
            ..MemberSettings::default()
        };
        let client = self.devices[device].session().client();
        let set = client.conversation(id).set_member_settings(settings);
        let _ = timeout(Duration::from_millis(20), set).await;
    }

    async fn truths(&self) -> BTreeMap<UserId, Truth> {
        let mut truths = BTreeMap::new();
        for client in &self.observers {
            let truth = Truth::of(client).await;
            truths.insert(truth.user, truth);
        }
        truths
    }

    /// Waits until nothing happens any more, and compares every device with the server.
    async fn compare(mut self) {
        self.serve().await;
        for device in &self.devices {
            device.perform(Command::Attention(false)).await;
        }
        // What is still on its way changes the truth as well.
        let session = self.devices[0].session();
        let mut truths = BTreeMap::new();
        compare::settle("devices", session, async || {
            truths = self.truths().await;
            for device in &self.devices {
                device.check_outbox();
                let found = compare::list(device, &truths[&device.user()]);
                found.map_err(|found| format!("{}: {found}", device.name()))?;
            }
            Ok(())
        })
        .await;
        for device in &self.devices {
            let observer = self.observers.iter();
            let mut observer = observer.filter(|client| client.whoami().user == device.user());
            let observer = observer.next().unwrap();
            for held in truths[&device.user()].conversations.values() {
                compare::window(device, held, observer).await;
                check_edits(held, device);
            }
        }
        for (user, truth) in &truths {
            for held in truth.conversations.values() {
                self.written.check(held, *user);
            }
        }
        for mut device in self.devices {
            device.close().await;
        }
        for client in self.observers {
            client.close().await;
        }
        self.server.stop().await;
    }
}

/// Logs in on another device.
async fn second_device(server: &Server, client: &Client, account: &Account) -> Account {
    let password: cairn_client::Password = "correct horse battery".parse().unwrap();
    let me = client.me();
    me.set_password(None, password.clone(), false)
        .await
        .unwrap();
    let request = LoginRequest {
        addr: account.addr.clone(),
        pin: account.pin,
        name: account.name.clone(),
        password,
        device: "second".parse().unwrap(),
    };
    let (client, account) = server.client().login(request).await.unwrap();
    client.close().await;
    account
}
