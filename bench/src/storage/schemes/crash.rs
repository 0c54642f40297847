//! What is lost when the process is killed between storing and pushing. The victim is another
//! process of this binary; it reports its steps, and waits at that point until it is killed.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use cairn_proto::ids::MsgId;
use cairn_proto::text::Text;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::measure::{Pushed, send_batch};
use super::scheme::{Group, Kind, Sent, Store, pull_all};
use crate::child::Child;
use crate::error::BenchError;

/// The subcommand of a victim.
const VICTIM: &str = "schemes-victim";

#[derive(Clone, Debug, Args)]
pub struct VictimArgs {
    /// How it stores messages
    #[arg(long)]
    pub(super) scheme: Kind,

    /// Where it stores them
    #[arg(long, value_name = "DIR")]
    pub(super) dir: PathBuf,

    /// Members of its group
    #[arg(long, value_name = "N")]
    pub(super) members: u32,

    /// How many of a hundred are online
    #[arg(long, value_name = "PERCENT")]
    pub(super) online: u8,

    /// Messages that it stores and pushes, and then stores only
    #[arg(long, value_name = "N")]
    pub(super) messages: usize,
}

/// A step of a victim, on a line of its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    /// These messages are durable.
    Accepted { first: MsgId, last: MsgId },
    /// Everything up to here is with everyone who is online.
    Pushed { last: MsgId },
}

/// What a crash did. Both are counted for each member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loss {
    /// Accepted messages that a member neither received nor can pull.
    pub(super) lost: u64,
    /// Messages that were accepted and not pushed.
    pub(super) at_stake: u64,
}

impl VictimArgs {
    pub(super) fn store(&self) -> Store {
        Store {
            kind: self.scheme,
            group: Group::new(self.members, self.online),
            dir: self.dir.clone(),
        }
    }

    fn command(&self) -> io::Result<Command> {
        let [members, messages] = [self.members as usize, self.messages].map(|n| n.to_string());
        let mut command = Command::new(env::current_exe()?);
        command
            .args(["bench", VICTIM, "--scheme", &self.scheme.name(), "--dir"])
            .arg(&self.dir)
            .args(["--members", &members, "--messages", &messages])
            .args(["--online", &self.online.to_string()])
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        Ok(command)
    }
}

/// The life of a victim: stores and pushes a batch, which the online members ack; stores another,
/// and waits between storing and pushing until it is killed, or `killer` ends because the parent is
/// gone.
pub fn live(
    args: &VictimArgs,
    output: &mut impl Write,
    killer: &mut impl Read,
) -> Result<(), BenchError> {
    let store = args.store();
    store.create()?;
    let mut scheme = store.open()?;
    let text = |number| Text::new(format!("message {number}"));
    let texts = (0..2 * args.messages).map(text);
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let (pushed, stored) = texts.split_at(args.messages);
    let mut report = |step: Step| {
        let line = serde_json::to_string(&step).map_err(io::Error::from);
        let written = line.and_then(|line| writeln!(output, "{line}"));
        written
            .and_then(|()| output.flush())
            .map_err(cannot_start())
    };
    if let Some(Sent { first, last }) = send_batch(scheme.as_mut(), pushed.iter(), || false)? {
        report(Step::Accepted { first, last })?;
        Pushed::nothing(store.group).push(last);
        report(Step::Pushed { last })?;
        for member in store.group.online() {
            scheme.ack(member, last)?;
        }
    }
    if let Some(Sent { first, last }) = send_batch(scheme.as_mut(), stored.iter(), || false)? {
        report(Step::Accepted { first, last })?;
    }
    killer
        .read_to_end(&mut Vec::new())
        .map_err(cannot_start())?;
    scheme.close().map(drop)
}

fn cannot_start() -> impl FnOnce(io::Error) -> BenchError {
    BenchError::io("cannot start the process that is to be killed")
}

/// Starts a victim, kills it when it has stored a batch that it has not pushed, and counts what is
/// left.
pub(super) fn crash(store: &Store, online: u8, messages: usize) -> Result<Loss, BenchError> {
    let args = VictimArgs {
        scheme: store.kind,
        dir: store.dir.clone(),
        members: store.group.size,
        online,
        messages,
    };
    let command = args.command().map_err(cannot_start());
    let mut victim = Child::start(&mut command?).map_err(cannot_start())?;
    let mut steps = Vec::new();
    if let Some(stdout) = victim.stdout() {
        let mut lines = BufReader::new(stdout).lines();
        let is_accepted = |step: &&Step| matches!(step, Step::Accepted { .. });
        // The victim waits after the second batch.
        while steps.iter().filter(is_accepted).count() < 2 {
            let line = lines.next().transpose().map_err(cannot_start())?;
            let line = line.unwrap_or_default();
            let step = serde_json::from_str(&line).map_err(|_| {
                BenchError::Failed(format!("the process that is to be killed said {line:?}"))
            })?;
            steps.push(step);
        }
    }
    let cannot_kill = BenchError::io("cannot kill the process that is to be killed");
    victim.kill().map_err(cannot_kill)?;
    loss(store, &steps)
}

/// Lets every member pull, and counts what they were neither pushed nor find.
pub(super) fn loss(store: &Store, steps: &[Step]) -> Result<Loss, BenchError> {
    let (mut pushed, mut accepted) = (MsgId::ZERO, Vec::new());
    for &step in steps {
        match step {
            Step::Pushed { last } => pushed = pushed.max(last),
            Step::Accepted { first, last } => {
                let count = Sent { first, last }.count();
                accepted.extend((0..count).map(|n| first.plus(n)));
            }
        }
    }
    let mut scheme = store.open()?;
    let mut lost = 0;
    let online = store.group.online().map(|member| (member, pushed));
    let offline = store.group.offline().map(|member| (member, MsgId::ZERO));
    for (member, received) in online.chain(offline) {
        let found = pull_all(scheme.as_mut(), member, MsgId::ZERO)?;
        let is_lost = |msgid: &&MsgId| {
            **msgid > received
                && found
                    .binary_search_by_key(msgid, |found| &found.msgid)
                    .is_err()
        };
        lost += accepted.iter().filter(is_lost).count() as u64;
    }
    scheme.close()?;
    let unpushed = accepted.iter().filter(|&&msgid| msgid > pushed).count() as u64;
    Ok(Loss {
        lost,
        at_stake: unpushed * u64::from(store.group.size),
    })
}
