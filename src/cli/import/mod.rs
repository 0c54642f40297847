//! `cairn import`

mod day;
mod irc_line;
mod log_file;
mod nick;
mod upload;

use std::fmt;
use std::path::PathBuf;

use cairn_client::Client;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::request::session::PullRange;
use clap::{Args, Subcommand};
use serde::Serialize;

use self::day::Day;
use self::log_file::{Entries, LogFile};
use self::upload::Upload;
use crate::cli::args::target::{Target, groups_named, one_of, parse_group};
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

/// Import messages from another system
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, Subcommand)]
enum Source {
    Irc(IrcArgs),
}

/// Import IRC logs into a group
///
/// Lines are `[HH:MM] <nick> text`, or `[HH:MM]  * nick text` for actions. The text is kept to the
/// byte. Lines that begin with === (joins, parts, renames) and all others are skipped and counted.
///
/// The day is in the name of a file, YYYY-MM-DD; times are UTC. From a folder, files with a day in
/// their names are imported, in the order of their names.
///
/// Nicks become users that cannot log in; a nick that is the name of a user of the server becomes
/// that user. Spaces, marks such as @ in front, and characters that are not allowed in names are
/// removed; names are cut at 64 bytes.
///
/// A file is recognised by a hash (XXH3) of its name and first line, so importing it again adds
/// nothing, and a log that has grown adds its new lines. For owners and admins of the server; the
/// group is created if missing.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn import irc ubuntu-irc/ --group ubuntu --dry-run
  cairn import irc ubuntu-irc/ --group ubuntu
  cairn import irc today.log --date 2025-11-21 --group ops --json

JSON
  {\"conversation\":1,\"files\":2,\"messages\":90,\"emotes\":3,\"added\":93,\"skipped_joins\":12,\
     \"skipped_other\":0,\"users\":7}")]
struct IrcArgs {
    /// Files, or folders of files
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// The group to import into, with or without #
    #[arg(long, value_name = "NAME", value_parser = parse_group)]
    group: Target,

    /// Read and count, without a server and without changes
    #[arg(long)]
    dry_run: bool,

    /// The day of files without one in their names, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    date: Option<Day>,
}

/// The result of an import. `conversation` is null after a dry run.
#[derive(Debug, Default, Serialize)]
struct Counts {
    conversation: Option<ConversationId>,
    files: u64,
    messages: u64,
    emotes: u64,
    added: u64,
    skipped_joins: u64,
    skipped_other: u64,
    users: u64,
    #[serde(skip)]
    repaired: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conversation,
            files,
            messages,
            emotes,
            added,
            skipped_joins,
            skipped_other,
            users,
            repaired: _,
        } = self;
        writeln!(
            f,
            "{files} files: {messages} messages and {emotes} emotes; skipped: {skipped_joins} \
                joins and parts, {skipped_other} others"
        )?;
        match conversation {
            Some(id) => write!(f, "{added} added to '#id:{id}', {users} users created"),
            None => f.write_str("dry run: nothing was added"),
        }
    }
}

impl Counts {
    fn found(&mut self, entries: &Entries) {
        self.files += 1;
        self.messages += entries.messages();
        self.emotes += entries.emotes();
        self.skipped_joins += entries.joins();
        self.skipped_other += entries.others();
        self.repaired += entries.repaired();
    }

    fn print(&self, output: &mut Output) -> Result<(), Failure> {
        if self.repaired > 0 {
            output.note(format_args!(
                "{} lines are not UTF-8; invalid bytes became \u{fffd}",
                self.repaired
            ));
        }
        output.print(self)
    }
}

pub(crate) async fn run(
    args: &ImportArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let Source::Irc(args) = &args.source;
    let files = log_file::find(&args.paths, args.date)?;
    if args.dry_run {
        return dry_run(&files, output);
    }
    let client = context.client(Conduct::Deliver).await?;
    if client.whoami().role < ServerRole::Admin {
        return Err(Failure::new(
            Exit::Failed,
            "only owners and admins of the server can import",
        ));
    }
    let conversation = group(client, &args.group).await?;
    import(client, output, conversation, &files).await
}

fn dry_run(files: &[LogFile], output: &mut Output) -> Result<(), Failure> {
    let mut counts = Counts::default();
    let mut progress = output.progress();
    for file in files {
        let mut entries = file.entries()?;
        while entries.next()?.is_some() {}
        counts.found(&entries);
        progress.update(|| format!("{} of {} files read", counts.files, files.len()));
    }
    drop(progress);
    counts.print(output)
}

/// Returns the group, creating it if missing.
async fn group(client: &Client, target: &Target) -> Result<ConversationId, Failure> {
    let Target::Group(name) = target else {
        return target.resolve(client).await;
    };
    match one_of(
        &groups_named(&client.conversations().list().await?, name),
        name,
    )? {
        Some(id) => Ok(id),
        None => Ok(client
            .conversations()
            .create_group(name.clone(), Vec::new())
            .await?),
    }
}

async fn import(
    client: &Client,
    output: &mut Output,
    conversation: ConversationId,
    files: &[LogFile],
) -> Result<(), Failure> {
    let mut counts = Counts {
        conversation: Some(conversation),
        ..Counts::default()
    };
    let mut progress = output.progress();
    for file in files {
        let mut entries = file.entries()?;
        let mut upload = Upload::begin(client, conversation, file.source()).await?;
        while let Some(entry) = entries.next()? {
            upload.add(entry).await?;
            progress.update(|| {
                format!(
                    "{} of {} files, {} messages added",
                    counts.files,
                    files.len(),
                    counts.added + upload.added()
                )
            });
        }
        let done = upload.finish().await?;
        counts.added += done.added;
        counts.users += done.users;
        counts.found(&entries);
    }
    drop(progress);
    if counts.added > 0 {
        // Imported messages are not unread for the user who imported them.
        let head = client
            .conversation(conversation)
            .pull(PullRange::From(MsgId::ZERO.next()), 1)
            .await?
            .head;
        client.conversation(conversation).mark_read(head).await?;
    }
    counts.print(output)
}
