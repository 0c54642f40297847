//! A process that types messages through a session, until it is killed: this test binary again,
//! with one test and these variables.

use std::fmt::{self, Display};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::ConversationId;
use cairn_client::{Account, Backoff, Client, Reconnect};
use cairn_session::store::Condition;
use cairn_session::{
    Command as Act, Draft, DraftFile, Outgoing, Pending, SendState, Session, SessionOptions,
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::support::soon;

const DIR: &str = "CAIRN_TYPIST_DIR";
const GROUP: &str = "CAIRN_TYPIST_GROUP";
const ROUND: &str = "CAIRN_TYPIST_ROUND";
const FINISH: &str = "CAIRN_TYPIST_FINISH";

/// What a typist's lines begin with, among those of the test harness.
const MARK: &str = "=> ";

/// A profile for processes that come and go.
pub(super) struct Profile {
    dir: TempDir,
}

impl Profile {
    pub(super) fn of(account: &Account) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let json = serde_json::to_vec(account).unwrap();
        std::fs::write(dir.path().join("profile.json"), json).unwrap();
        Self { dir }
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.dir.path().join("cache.redb")
    }
}

/// A message: its round and its number within. A file has it as its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Words {
    pub(super) round: u64,
    number: u64,
    pub(super) is_file: bool,
}

/// What the name of a file ends with.
const FILE: &str = ".bin";

/// The largest file. An upload of it is interrupted more often than not.
const FILE_BYTES_MAX: usize = 3_000_000;

impl Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.is_file { FILE } else { "" };
        write!(f, "{}.{}{end}", self.round, self.number)
    }
}

impl FromStr for Words {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let file = raw.strip_suffix(FILE);
        let words = file.unwrap_or(raw).split_once('.');
        let words = words.and_then(|(round, number)| {
            Some(Self {
                round: round.parse().ok()?,
                number: number.parse().ok()?,
                is_file: file.is_some(),
            })
        });
        words.ok_or_else(|| raw.to_owned())
    }
}

/// What a typist reports.
#[derive(Debug)]
pub(super) enum Line {
    Open,
    Damaged,
    Typed(Words),
    Unknown(Words),
    Done,
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        // The harness prints the name of the test on the same line.
        let (_, said) = line.split_once(MARK)?;
        Some(match said.split_once(' ') {
            Some(("typed", words)) => Self::Typed(words.parse().unwrap()),
            Some(("unknown", words)) => Self::Unknown(words.parse().unwrap()),
            _ => match said {
                "open" => Self::Open,
                "damaged" => Self::Damaged,
                "done" => Self::Done,
                other => panic!("{other}"),
            },
        })
    }
}

/// The process.
pub(super) struct Typist {
    child: Child,
    lines: mpsc::UnboundedReceiver<Line>,
}

impl Drop for Typist {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Typist {
    /// Starts a process that types until it is killed.
    pub(super) fn start(profile: &Profile, group: ConversationId, round: u64) -> Self {
        Self::spawn(profile, group, round, false)
    }

    /// Starts a process that types nothing, and ends when nothing is left to send.
    pub(super) fn finish(profile: &Profile, group: ConversationId, round: u64) -> Self {
        Self::spawn(profile, group, round, true)
    }

    fn spawn(profile: &Profile, group: ConversationId, round: u64, finish: bool) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "outbox::typist::types_until_it_is_killed",
                "--exact",
                "--nocapture",
            ])
            .env(DIR, profile.dir.path())
            .env(GROUP, group.get().to_string())
            .env(ROUND, round.to_string())
            .env(FINISH, u8::from(finish).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::unbounded_channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if let Some(line) = Line::parse(&line) {
                    let _ = sender.send(line);
                }
            }
        });
        Self { child, lines }
    }

    /// The next line; `None` at the end.
    pub(super) async fn line(&mut self) -> Option<Line> {
        soon("the typist says something", self.lines.recv()).await
    }

    /// Kills the process, and returns what it still said.
    pub(super) async fn kill(mut self) -> Vec<Line> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            lines.push(line);
        }
        lines
    }
}

fn say(said: impl Display) {
    println!("{MARK}{said}");
}

/// Does nothing unless it is started as a typist.
#[tokio::test]
async fn types_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else {
        return;
    };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let (group, round) = (ConversationId::new(number(GROUP)), number(ROUND));
    let account = std::fs::read(dir.join("profile.json")).unwrap();
    let account: Account = serde_json::from_slice(&account).unwrap();
    let backoff = Backoff {
        base: Duration::from_millis(20),
        cap: Duration::from_millis(200),
    };
    let options = SessionOptions {
        client: Client::builder().reconnect(Reconnect::Forever(backoff)),
        ..SessionOptions::kept_in(&dir)
    };
    let session = Session::open(&account, options).unwrap();
    match &*session.condition() {
        Condition::Kept => {}
        Condition::Damaged(_) => {
            say("damaged");
            session.damage_reported();
        }
        other => panic!("{other:?}"),
    }
    withdraw_unknown(&session).await;
    say("open");
    if number(FINISH) == 1 {
        while !session.model().outbox().is_empty() {
            session.changed().await;
            withdraw_unknown(&session).await;
        }
        session.close().await;
        return say("done");
    }
    // A new cache has no conversations until it is online.
    while session.model().conversation(group).is_none() {
        session.changed().await;
    }
    let upload = rand::random_range(1..20);
    for number in 1.. {
        let is_file = number == upload;
        let words = Words {
            round,
            number,
            is_file,
        };
        let draft = match is_file {
            true => Draft {
                files: vec![file(&dir, words)],
                ..Draft::new(group)
            },
            false => Draft {
                words: words.to_string(),
                ..Draft::new(group)
            },
        };
        session.perform(Act::Send(draft)).await;
        if !session.take_refused().is_empty() {
            // The outbox is full: the server is away.
            return std::future::pending().await;
        }
        say(format_args!("typed {words}"));
        // Often several at a time, sometimes none for a while.
        let pause = rand::random_range(0..8_u64).saturating_sub(4);
        tokio::time::sleep(Duration::from_millis(pause * pause)).await;
    }
}

/// Creates a file, with bytes of its own.
fn file(dir: &Path, words: Words) -> DraftFile {
    let name = words.to_string();
    let size = rand::random_range(1..FILE_BYTES_MAX);
    let bytes: Vec<u8> = name.bytes().cycle().take(size).collect();
    let path = dir.join(&name);
    std::fs::write(&path, bytes).unwrap();
    DraftFile {
        path: path.to_str().unwrap().to_owned(),
        name,
        size_bytes: size as u64,
        as_file: true,
    }
}

/// Reports the unknown messages, and withdraws them.
async fn withdraw_unknown(session: &Session) {
    session.perform(Act::Attention(true)).await;
    let outbox: Vec<Pending> = session.model().outbox();
    for item in outbox {
        match item.state {
            SendState::Unknown(_) => {}
            SendState::Failed(why) => panic!("failed: {why:?}"),
            _ => continue,
        }
        let name = match &item.what {
            Outgoing::Message { body, .. } => name(body),
            Outgoing::File { file, .. } => file.name.clone(),
            Outgoing::Forward { .. } => panic!("nothing is forwarded"),
        };
        say(format_args!("unknown {name}"));
        session.perform(Act::Withdraw(item.id)).await;
    }
}

/// The words of a message, or the name of its file.
pub(super) fn name(body: &Body) -> String {
    let file = body.attachment().map(|file| file.name.as_str());
    file.or(body.words()).unwrap_or_default().to_owned()
}
