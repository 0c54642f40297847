//! A system clock that jumps: nothing expires early, nothing is held back, and the owner is warned.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId, Timestamp};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::model::settings::Setting;
use cairn_client::proto::text::{GroupName, SettingName, SettingValue, Text, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::{Client, Error};

use cairn_client::proto::wire::request::session::PullRange;
use tempfile::TempDir;

use super::library;
use crate::support::{Server, cairn, until};

pub const DAY: i64 = 24 * 60 * 60;
const HOUR_MS: u64 = 60 * 60 * 1000;

/// A machine whose clock can be shifted, with one server.
pub struct Machine {
    server: Server,
    dir: TempDir,
}

/// Sets how far the clock of a machine is ahead.
pub fn shift_in(dir: &TempDir, seconds: i64) {
    let [new, path] = ["shift.new", "shift"].map(|name| dir.path().join(name));
    fs::write(&new, seconds.to_string()).unwrap();
    fs::rename(new, path).unwrap();
}

/// Runs a command on this machine.
fn shifted<'a>(dir: &TempDir, command: &'a mut Command) -> &'a mut Command {
    command
        .env("LD_PRELOAD", dir.path().join("clock_shift.so"))
        .env("CLOCK_SHIFT_FILE", dir.path().join("shift"))
}

fn serve(dir: &TempDir, listen: SocketAddr) -> Server {
    let log = File::options()
        .create(true)
        .append(true)
        .open(dir.path().join("log"));
    Server::start_configured(&dir.path().join("data"), listen, "info", |command| {
        shifted(dir, command).stderr(log.unwrap());
    })
}

impl Machine {
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        library(dir.path(), "clock_shift");
        shift_in(&dir, 0);
        let server = serve(&dir, "127.0.0.1:0".parse().unwrap());
        Self { server, dir }
    }

    /// Sets how far the clock is ahead, in seconds, at once.
    fn shift(&self, seconds: i64) {
        shift_in(&self.dir, seconds);
    }

    /// The server, and the directory of [`shift_in`].
    pub fn into_parts(self) -> (Server, TempDir) {
        (self.server, self.dir)
    }

    pub const fn server(&self) -> &Server {
        &self.server
    }

    fn stop(&mut self) {
        assert!(self.server.stop().success());
    }

    fn start_again(&mut self) {
        self.server = serve(&self.dir, self.server.addr);
    }

    /// Restarts the server with the clock this far ahead.
    pub fn restart(&mut self, seconds: i64) {
        self.stop();
        self.shift(seconds);
        self.start_again();
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    /// Runs a command on this machine.
    pub fn shifted(&self, command: &mut Command) {
        shifted(&self.dir, command);
    }

    /// Stops the server, and checks its data.
    pub fn doctor_is_content(&mut self) -> bool {
        self.stop();
        let mut doctor = cairn(&["doctor", "--full", "--data"]);
        let doctor = doctor.arg(self.dir.path().join("data"));
        shifted(&self.dir, doctor).status().unwrap().success()
    }

    fn doctor_warnings(&self) -> Vec<String> {
        let mut doctor = cairn(&["doctor", "--json", "--data"]);
        let output = shifted(&self.dir, doctor.arg(self.dir.path().join("data"))).output();
        let report: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        let warnings = report["warnings"].as_array().unwrap().iter();
        warnings
            .map(|one| one.as_str().unwrap().to_owned())
            .collect()
    }
}

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_millis() as u64
}

async fn group(client: &Client, name: &str) -> ConversationId {
    let name = GroupName::new(name).unwrap();
    client
        .conversations()
        .create_group(name, vec![])
        .await
        .unwrap()
}

async fn keep_days(client: &Client, group: ConversationId, days: u32) {
    let retention = Some(Retention::Days(days));
    let set = client.conversation(group).set_retention(retention);
    set.await.unwrap();
}

async fn floor(client: &Client, group: ConversationId) -> MsgId {
    let all = client.conversations().list().await.unwrap();
    let found = all.iter().find(|conversation| conversation.id == group);
    found.unwrap().floor
}

/// Waits for a whole pass of expiry: one conversation has a message that is old by any clock.
async fn pass(client: &Client, marker: &str) {
    let marked = group(client, marker).await;
    let entry = ImportEntry {
        sender: UserName::new("carol").unwrap(),
        sent_at: Timestamp::new(1),
        body: text("old"),
    };
    // What is imported goes after the entry of the group's creation, which is no message.
    let imported = client
        .conversation(marked)
        .import(ImportSource::new(1), 0, vec![entry]);
    imported.await.unwrap();
    keep_days(client, marked, 1).await;
    until("it expires", async || {
        floor(client, marked).await > MsgId::ZERO
    })
    .await;
}

async fn clock_setting(client: &Client) -> Setting {
    let settings = client.admin().settings().await.unwrap();
    let is_clock = |setting: &Setting| setting.name.as_str() == "clock";
    settings.into_iter().find(is_clock).unwrap()
}

async fn trust(client: &Client) -> Result<Setting, Error> {
    let (name, value) = (SettingName::new("clock"), SettingValue::new("trusted"));
    client
        .admin()
        .set_setting(name.unwrap(), value.unwrap())
        .await
}

/// The time of a message.
async fn sent_at(client: &Client, group: ConversationId, msgid: MsgId) -> u64 {
    let pulled = client.conversation(group).pull(PullRange::From(msgid), 1);
    pulled.await.unwrap().messages[0].sent_at.get()
}

#[tokio::test]
async fn clock_a_year_ahead_expires_nothing() {
    let mut machine = Machine::start();
    let (ada, account) = machine.server().owner().await;
    let connect = async || Client::builder().connect(&account).await.unwrap();
    let team = group(&ada, "team").await;
    keep_days(&ada, team, 30).await;
    ada.conversation(team).send(text("today")).await.unwrap();
    assert_eq!(clock_setting(&ada).await.value.as_str(), "guarded");
    ada.close().await;

    machine.restart(365 * DAY);
    let ada = connect().await;
    pass(&ada, "first").await;
    assert_eq!(floor(&ada, team).await, MsgId::ZERO);
    let ahead = ada.conversation(team).send(text("a year ahead")).await;
    let ahead = ahead.unwrap();
    assert!(sent_at(&ada, team, ahead).await < now_ms() + 2 * HOUR_MS);
    assert!(machine.log().contains("the system's clock jumped"));
    let clock = ada.admin().metrics().await.unwrap().clock;
    assert!(clock.has_jumped && clock.system_ms - clock.time_ms > 300 * 24 * HOUR_MS);
    assert!(clock_setting(&ada).await.value.as_str().starts_with("20"));
    ada.close().await;
    machine.stop();
    let warned = machine.doctor_warnings();
    assert!(warned[0].contains("hours apart"), "{warned:?}");

    let warnings = machine.log().matches("the system's clock jumped").count();
    assert_eq!(warnings, 1, "once");
    machine.shift(0);
    machine.start_again();
    let ada = connect().await;
    pass(&ada, "second").await;
    assert_eq!(floor(&ada, team).await, MsgId::ZERO);
    assert_eq!(clock_setting(&ada).await.value.as_str(), "guarded");
    assert_eq!(
        trust(&ada).await,
        Err(Error::Refused(ErrorCode::BadSetting)),
        "there is nothing to confirm"
    );
    ada.close().await;

    // The message of the jump holds nothing back once its time has come.
    machine.restart(40 * DAY);
    let ada = connect().await;
    pass(&ada, "third").await;
    assert_eq!(floor(&ada, team).await, MsgId::ZERO);
    let old = machine.log().matches("messages expired").count();
    trust(&ada).await.unwrap();
    keep_days(&ada, team, 29).await;
    until("they expire", async || floor(&ada, team).await >= ahead).await;
    until("it is logged", async || {
        machine.log().matches("messages expired").count() > old
    })
    .await;
    assert_eq!(
        trust(&ada).await,
        Err(Error::Refused(ErrorCode::BadSetting)),
        "a confirmation counts once"
    );
}

#[tokio::test]
async fn clock_a_year_behind_expires_nothing() {
    let mut machine = Machine::start();
    let (ada, account) = machine.server().owner().await;
    let team = group(&ada, "team").await;
    keep_days(&ada, team, 1).await;
    ada.close().await;
    machine.restart(-365 * DAY);
    let ada = Client::builder().connect(&account).await.unwrap();
    let sent = ada.conversation(team).send(text("a year ago")).await;
    let sent = sent.unwrap();
    pass(&ada, "first").await;
    assert!(floor(&ada, team).await < sent);
    assert!(sent_at(&ada, team, sent).await + HOUR_MS > now_ms());
    assert!(machine.log().contains("minutes behind the server's clock"));
}

/// While the server runs, and across a kill.
#[tokio::test]
async fn jumps_of_a_running_server_expire_nothing() {
    let mut machine = Machine::start();
    let (ada, account) = machine.server().owner().await;
    let team = group(&ada, "team").await;
    keep_days(&ada, team, 1).await;
    let sent = ada.conversation(team).send(text("today")).await.unwrap();
    for days in [2, 4000, -4000, 30] {
        machine.shift(days * DAY);
        pass(&ada, &format!("after {days} days")).await;
        assert!(floor(&ada, team).await < sent, "{days}");
    }
    ada.close().await;
    machine.server.kill();
    machine.start_again();
    let ada = Client::builder().connect(&account).await.unwrap();
    pass(&ada, "after a kill").await;
    assert!(floor(&ada, team).await < sent);
}
