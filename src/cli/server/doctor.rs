//! `cairn doctor`

use std::fmt;
use std::path::{Path, PathBuf};

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::conversation::Explained;
use cairn_proto::secret::Pin;
use cairn_proto::text::UserName;
use clap::{ArgGroup, Args};
use serde::Serialize;

use crate::cli::args::target::{Target, find_user, parse_user};
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;
use crate::cli::output::Output;
use crate::cli::server::machine::Machine;
use crate::cli::server::open_files;
use crate::cli::server::sound::Sound;
use cairn_server::identity::{self, IdentityError};
use cairn_store::StoreError;
use cairn_store::check::doctor::{self, Depth, DoctorError};
use cairn_store::check::repair::{self, Repaired};
use cairn_store::engine::Engine;

/// Check stored data, or explain an unread count
///
/// With --data, it reads the whole data directory of a stopped server and checks it: checksums,
/// message numbers without gaps, cursors within their bounds, the commit log against the blocks,
/// attachments against their files, the server's key. It also moves the commit log into the trees,
/// as a start of the server does. It names the first problem and exits with code 1.
///
/// With --repair, it first cuts a damaged commit log after its last good batch and lists what is
/// lost. The log and the trees before that are kept in the folder aside. Restore a backup instead
/// if there is a recent one.
///
/// With --new-identity, it then creates a new key for a server whose key is lost, and prints its
/// pin. Restore identity/key.pem from a backup instead if there is one: no device trusts a new key.
///
/// With --explain, a running server explains a member's unread count: your own, or anyone's for
/// owners and admins of the server.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("task").required(true))]
#[command(after_help = "EXAMPLES
  cairn doctor --data /srv/cairn
  cairn doctor --data /srv/cairn --full
  cairn doctor --data /srv/cairn --repair
  cairn doctor --data /srv/cairn --new-identity
  cairn doctor --explain '#team' ada
  cairn doctor --explain '#team' ada --json

JSON of --data, with more counts; open_files is null without a limit; after a repair also repaired
  {\"users\":2,\"messages\":130,\"warnings\":[],
   \"machine\":{\"open_files\":1024,\"time_ms\":1767225600000,\"last_write_ms\":1767225599000,
     \"clock_ms\":1767225598000}}

JSON of --explain; base is the highest of read, floor and joined - 1; unread counts what is above it
  {\"conversation\":1,\"user\":2,\"name\":\"ada\",\"head\":20,\"floor\":0,\"joined\":1,\"read\":5,\
     \"base\":5,\"uncounted\":3,
   \"unread\":12,\"mentions\":2}")]
pub(crate) struct DoctorArgs {
    /// The data directory to check; its server must be stopped
    #[arg(long, value_name = "DIR", group = "task")]
    data: Option<PathBuf>,

    /// Also read all attachments and check their hashes
    #[arg(long, requires = "data")]
    full: bool,

    /// Cut a damaged commit log after its last good batch, keep a copy, and list what is lost
    #[arg(long, requires = "data")]
    repair: bool,

    /// Create a new key if the server's key is missing or damaged; no device trusts it
    #[arg(long, requires = "data")]
    new_identity: bool,

    /// Explain the unread count of a member
    #[arg(long, num_args = 2, value_names = ["TARGET", "USER"], group = "task")]
    explain: Option<Vec<String>>,
}

/// The parts of an unread count.
#[derive(Debug, Serialize)]
struct Explanation {
    conversation: ConversationId,
    user: UserId,
    name: UserName,
    head: MsgId,
    floor: MsgId,
    joined: MsgId,
    read: MsgId,
    base: MsgId,
    uncounted: u64,
    unread: u64,
    mentions: u64,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conversation,
            name,
            head,
            floor,
            joined,
            read,
            base,
            uncounted,
            unread,
            mentions,
            ..
        } = self;
        writeln!(
            f,
            "{name} has {unread} unread, {mentions} of them mentions, in '#id:{conversation}'"
        )?;
        writeln!(
            f,
            "  base   = max(read {read}, floor {floor}, joined {joined} - 1) = {base}"
        )?;
        write!(
            f,
            "  unread = head {head} - base {base} - {uncounted} entries that do not count = \
                {unread}"
        )
    }
}

impl Explanation {
    fn new(
        conversation: ConversationId,
        user: UserId,
        name: UserName,
        explained: Explained,
    ) -> Self {
        let Explained {
            head,
            floor,
            joined,
            read,
            uncounted,
            unread,
            mentions,
        } = explained;
        let base = read.max(floor).max(joined.prev());
        Self {
            conversation,
            user,
            name,
            head,
            floor,
            joined,
            read,
            base,
            uncounted,
            unread,
            mentions,
        }
    }

    /// Returns whether the parts add up.
    fn adds_up(&self) -> bool {
        self.head.above(self.base).checked_sub(self.uncounted) == Some(self.unread)
    }
}

pub(crate) async fn run(
    args: &DoctorArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    match (&args.data, &args.explain) {
        (Some(dir), _) => check(dir, args, output),
        (None, Some(explain)) => explain_unread(explain, context, output).await,
        (None, None) => Err(Failure::new(
            Exit::Usage,
            "choose what to check: --data or --explain",
        )),
    }
}

fn check(dir: &Path, args: &DoctorArgs, output: &mut Output) -> Result<(), Failure> {
    let depth = match args.full {
        true => Depth::Hashes,
        false => Depth::Lengths,
    };
    open_files::check(limits::OFFLINE_FILES_MIN)?;
    // Before the check, which writes.
    let machine = Machine::of(dir);
    let repaired = match args.repair {
        true => repair::repair(dir).map_err(|error| Failure::of_check(&error))?,
        false => None,
    };
    let mut progress = output.progress();
    let said = |at: doctor::Progress| {
        format!(
            "{} conversations, {} messages, {} attachments checked",
            at.conversations, at.messages, at.attachments
        )
    };
    let checked = doctor::check(dir, depth, &mut |at| progress.update(|| said(at)));
    drop(progress);
    let report = checked.map_err(|error| of_checked(&error, repaired.as_ref()))?;
    let of_store = |error: StoreError| Failure::of_check(&error.into());
    // Open, so that no server starts meanwhile.
    let engine = Engine::open(dir).map_err(of_store)?;
    let machine = machine.with_clock(engine.state().clock().logged());
    let new_pin = check_identity(dir, &engine, args.new_identity)?;
    engine.close().map_err(of_store)?;
    let problems = identity::permission_problems(dir);
    let mut warnings = Vec::from_iter(problems.iter().map(ToString::to_string));
    warnings.extend(machine.warnings());
    output.print(&Sound {
        repaired,
        report,
        new_pin: new_pin.map(|pin| pin.to_string()),
        warnings,
        machine,
    })
}

/// Explains a problem that was found, perhaps after a repair.
fn of_checked(error: &DoctorError, repaired: Option<&Repaired>) -> Failure {
    let failure = Failure::of_check(error);
    match repaired {
        None => failure,
        Some(Repaired { copy, loss, .. }) => failure.hint(format!(
            "the log was cut, but more is damaged ({loss}); restore a backup, or move the files \
                of {} back",
            copy.display()
        )),
    }
}

/// Returns the pin of the new key, if one was wanted.
fn check_identity(dir: &Path, engine: &Engine, new_identity: bool) -> Result<Option<Pin>, Failure> {
    let directory = engine.directory();
    let checked = match new_identity {
        true => identity::replace_lost_key(dir, directory).map(Some),
        false => match identity::check(dir, directory) {
            // The first start of the server creates it.
            Err(IdentityError::Missing(_) | IdentityError::Damaged(_))
                if engine.state().is_unused() =>
            {
                Ok(None)
            }
            checked => checked.map(|()| None),
        },
    };
    checked.map_err(|error| Failure::of_identity(Exit::Failed, &error))
}

async fn explain_unread(
    explain: &[String],
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let [target, user] = explain else {
        return Err(Failure::new(
            Exit::Usage,
            "--explain takes a target and a user",
        ));
    };
    let usage = |what: &str, error: &dyn fmt::Display| {
        Failure::new(Exit::Usage, format!("{what}: {error}"))
    };
    let target: Target = target.parse().map_err(|error| usage(target, &error))?;
    let name = parse_user(user).map_err(|error| usage(user, &error))?;
    let client = context.client(Conduct::Ask).await?;
    let conversation = target.resolve(client).await?;
    let user = find_user(client, &name).await?;
    let explained = client.conversation(conversation).explain(user.id).await?;
    let explanation = Explanation::new(conversation, user.id, user.name, explained);
    output.print(&explanation)?;
    match explanation.adds_up() {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::Failed,
            "the parts do not add up; this is a bug in cairn, please report it",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explanation(read: u64, floor: u64, joined: u64, unread: u64) -> Explanation {
        let (floor, joined, read) = (MsgId::new(floor), MsgId::new(joined), MsgId::new(read));
        let explained = Explained {
            head: MsgId::new(20),
            floor,
            joined,
            read,
            uncounted: 3,
            unread,
            mentions: 2,
        };
        Explanation::new(
            ConversationId::new(1),
            UserId::new(2),
            UserName::new("ada").unwrap(),
            explained,
        )
    }

    #[test]
    fn explanation_shows_the_formula() {
        let expected = "ada has 12 unread, 2 of them mentions, in '#id:1'\n  base   = max(read 5, \
            floor 0, joined 1 - 1) = 5\n  \
                        unread = head 20 - base 5 - 3 entries that do not count = 12";
        assert_eq!(explanation(5, 0, 1, 12).to_string(), expected);
    }

    #[test]
    fn wrong_sum_is_detected() {
        assert!(explanation(5, 0, 1, 12).adds_up());
        assert!(explanation(0, 5, 1, 12).adds_up());
        assert!(explanation(0, 0, 6, 12).adds_up());
        assert!(!explanation(5, 0, 1, 13).adds_up());
    }
}
