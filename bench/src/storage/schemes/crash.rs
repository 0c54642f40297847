//! What is lost when the process is killed between storing and pushing. The one that is killed is another process of this very binary:
//! the victim. It says what it has done, and when it stands at that point it waits for its end.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use cairn_proto::ids::MsgId;
use cairn_proto::text::Text;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::scheme::{Group, Kind, Store};
use super::speed::{Pushed, Sent, send_batch};
use crate::child::{self, Child};
use crate::error::BenchError;

/// The subcommand that a victim is started with.
pub(super) const VICTIM: &str = "schemes-victim";

/// What a victim does.
#[derive(Clone, Debug, Args)]
pub struct VictimArgs {
    /// How it stores messages
    #[arg(long)]
    scheme: Kind,

    /// Where it stores them
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,

    /// Members of its group
    #[arg(long, value_name = "N")]
    members: u32,

    /// How many of a hundred are online
    #[arg(long, value_name = "PERCENT")]
    online: u8,

    /// Messages that it stores and pushes, and then stores only
    #[arg(long, value_name = "N")]
    messages: usize,
}

impl VictimArgs {
    fn store(&self) -> Store {
        Store::at(
            self.dir.clone(),
            self.scheme,
            Group::new(self.members, self.online),
        )
    }

    fn command(&self) -> io::Result<Command> {
        let Self {
            scheme,
            dir,
            members,
            online,
            messages,
        } = self;
        let mut command = Command::new(env::current_exe()?);
        command
            .args(["bench", VICTIM, "--scheme"])
            .arg(scheme.name());
        command.arg("--dir").arg(dir);
        command.args([
            "--members",
            &members.to_string(),
            "--online",
            &online.to_string(),
            "--messages",
            &messages.to_string(),
        ]);
        Ok(command)
    }
}

/// What a victim says, a line each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Said {
    /// These are stored: their sender is told.
    Accepted { first: MsgId, last: MsgId },
    /// Everything up to here is with everybody who is online.
    Pushed { last: MsgId },
}

/// What a crash did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loss {
    /// Messages that were accepted and that a member neither got nor can get, each counted for each such member.
    pub(super) lost: u64,
    /// Messages that were accepted and not pushed, each counted for each member.
    pub(super) at_stake: u64,
}

/// Why the crash could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CrashError {
    /// There is nobody to kill.
    #[error("cannot start the process that is to be killed: {0}")]
    Start(#[source] io::Error),
    /// It does not die.
    #[error("cannot kill the process that is to be killed: {0}")]
    Kill(#[source] io::Error),
    /// It ended by itself, or said something else.
    #[error("the process that is to be killed said {0:?}")]
    Said(String),
}

/// The life of a victim: stores and pushes a batch, which who is online acks; stores another, and waits between storing and pushing
/// until it is killed, or `killer` ends because nobody is left to do so.
pub fn live(
    args: &VictimArgs,
    say: &mut impl Write,
    killer: &mut impl Read,
) -> Result<(), BenchError> {
    let store = args.store();
    store.prepare()?;
    let mut scheme = store.open()?;
    let texts = (0..2 * args.messages)
        .map(|number| Text::new(format!("message {number}")))
        .collect::<Result<Vec<_>, _>>()?;
    let (pushed, stored) = texts.split_at(args.messages);
    let mut say = |said: Said| {
        let line = serde_json::to_string(&said).map_err(io::Error::from)?;
        writeln!(say, "{line}").and_then(|()| say.flush())
    };
    if let Some(Sent { first, last }) = send_batch(scheme.as_mut(), pushed.iter(), || false)? {
        say(Said::Accepted { first, last }).map_err(CrashError::Start)?;
        Pushed::nothing(store.group).push(last);
        say(Said::Pushed { last }).map_err(CrashError::Start)?;
        store
            .group
            .online()
            .try_for_each(|member| scheme.ack(member, last))?;
    }
    if let Some(Sent { first, last }) = send_batch(scheme.as_mut(), stored.iter(), || false)? {
        say(Said::Accepted { first, last }).map_err(CrashError::Start)?;
    }
    killer
        .read_to_end(&mut Vec::new())
        .map_err(CrashError::Start)?;
    scheme.close().map(drop)
}

/// Starts a victim, kills it when it has stored a batch that it has not pushed, and looks what is left.
pub(super) fn crash(
    store: &Store,
    online_percent: u8,
    messages: usize,
) -> Result<Loss, BenchError> {
    let args = VictimArgs {
        scheme: store.kind,
        dir: store.dir().to_owned(),
        members: store.group.size(),
        online: online_percent,
        messages,
    };
    let mut command = args.command().map_err(CrashError::Start)?;
    command
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    child::by_itself(&mut command);
    let mut victim = Child::start(&mut command).map_err(CrashError::Start)?;
    let mut said = Vec::new();
    if let Some(stdout) = victim.stdout() {
        let mut lines = BufReader::new(stdout).lines();
        // It waits behind the second batch.
        while said
            .iter()
            .filter(|said| matches!(said, Said::Accepted { .. }))
            .count()
            < 2
        {
            let line = lines
                .next()
                .transpose()
                .map_err(CrashError::Start)?
                .unwrap_or_default();
            said.push(serde_json::from_str(&line).map_err(|_| CrashError::Said(line))?);
        }
    }
    victim.kill().map_err(CrashError::Kill)?;
    loss(store, &said)
}

/// Lets every member pull, and counts what he has neither been pushed nor finds.
fn loss(store: &Store, said: &[Said]) -> Result<Loss, BenchError> {
    let mut scheme = store.open()?;
    let pushed = said
        .iter()
        .filter_map(|said| {
            if let Said::Pushed { last } = said {
                Some(*last)
            } else {
                None
            }
        })
        .max();
    let pushed = pushed.unwrap_or_default();
    let accepted = said.iter().filter_map(|said| match *said {
        Said::Accepted { first, last } => Some(Sent { first, last }),
        Said::Pushed { .. } => None,
    });
    let accepted: Vec<MsgId> = accepted
        .flat_map(|sent| (0..sent.count()).map(move |n| sent.first.plus(n)))
        .collect();
    let mut lost = 0;
    let online = store.group.online().map(|member| (member, pushed));
    for (member, got) in online.chain(store.group.offline().map(|member| (member, MsgId::ZERO))) {
        let mut found = Vec::new();
        loop {
            let page = scheme.pull(member, found.last().copied().unwrap_or_default())?;
            if page.is_empty() {
                break;
            }
            found.extend(page.iter().map(|message| message.msgid));
        }
        lost += accepted
            .iter()
            .filter(|&&msgid| msgid > got && found.binary_search(&msgid).is_err())
            .count() as u64;
    }
    scheme.close()?;
    let unpushed = accepted.iter().filter(|&&msgid| msgid > pushed).count() as u64;
    Ok(Loss {
        lost,
        at_stake: unpushed * u64::from(store.group.size()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found behind a victim that ended where it is killed.
    fn loss_of(scheme: Kind, online: u8) -> Loss {
        let dir = tempfile::tempdir().unwrap();
        let args = VictimArgs {
            scheme,
            dir: dir.path().join("store"),
            members: 10,
            online,
            messages: 6,
        };
        let mut said = Vec::new();
        live(&args, &mut said, &mut io::empty()).unwrap();
        let said: Vec<Said> = said
            .lines()
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
            .collect();
        assert_eq!(said.len(), 3, "{said:?}");
        loss(&args.store(), &said).unwrap()
    }

    #[test]
    fn copies_for_who_is_offline_lose_what_was_not_pushed() {
        assert_eq!(
            loss_of(Kind::OfflineCopies, 80),
            Loss {
                lost: 6 * 8,
                at_stake: 6 * 10
            }
        );
        assert_eq!(
            loss_of(Kind::OfflineCopies, 0),
            Loss {
                lost: 0,
                at_stake: 6 * 10
            }
        );
    }

    #[test]
    fn whoever_stores_for_all_loses_nothing() {
        for kind in Kind::ALL.into_iter().filter(|kind| !kind.trusts_push()) {
            assert_eq!(
                loss_of(kind, 80),
                Loss {
                    lost: 0,
                    at_stake: 6 * 10
                },
                "{kind:?}"
            );
        }
    }

    #[test]
    fn what_is_not_in_the_store_is_counted_for_each_member() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(
            dir.path().join("store"),
            Kind::MemberCopies,
            Group::new(4, 50),
        );
        store.prepare().unwrap();
        let id = MsgId::new;
        let said = [
            Said::Accepted {
                first: id(1),
                last: id(3),
            },
            Said::Pushed { last: id(2) },
        ];
        assert_eq!(
            loss(&store, &said).unwrap(),
            Loss {
                lost: 2 + 2 * 3,
                at_stake: 4
            }
        );
    }
}
