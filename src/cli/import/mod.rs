//! `cairn import`

mod day;
mod encoding;
mod entries;
mod format;
mod log_file;
mod log_lines;
mod nick;
mod scan;
mod senders;
mod upload;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use cairn_client::Client;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::TEXT_BYTES_MAX;
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::request::session::PullRange;
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use serde::Serialize;

use self::day::Day;
use self::encoding::Legacy;
use self::entries::LineCounts;
use self::format::Format;
use self::log_file::{LogFile, Reading};
use self::nick::Authors;
use self::senders::{Mapping, Senders};
use self::upload::Upload;
use crate::cli::args::same_name::group_named;
use crate::cli::args::target::{Target, parse_group};
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
/// Reads the logs of energymech, HexChat, irssi, mIRC, Ubuntu, WeeChat and ZNC. The format is
/// recognised for each file; a file of which most lines are in none of them is an error, and then
/// nothing is imported. Joins, parts and other notices are skipped and counted. Texts are kept as
/// they are, apart from mIRC's codes for colours; one that is too long for a message becomes
/// several.
///
/// The day is in the log, or in the name of the file as YYYY-MM-DD. From a folder, files with a day
/// in their names are imported, in the order of their names.
///
/// Nicks become users that cannot log in; nicks that differ in case only are one user. Messages are
/// those of a user of the server only with --map; otherwise a nick with the name of a user, or one
/// that looks like it, gets the suffix -imported. `cairn users claim` says later who an author is.
/// Each message says who imported it. Spaces, marks such as @ in front, and characters that are not
/// allowed in names are removed; names are cut at 64 bytes.
///
/// A file is recognised by a hash (XXH3) of its name and first line, so importing it again adds
/// nothing, and a log that has grown adds its new lines. For owners and admins of the server; the
/// group is created if missing.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn import irc ubuntu-irc/ --group ubuntu --dry-run
  cairn import irc ubuntu-irc/ --group ubuntu
  cairn import irc lamp.weechatlog --group lamp --timezone Europe/Prague
  cairn import irc today.log --date 2025-11-21 --group ops --json
  cairn import irc logs/ --group ops --map bob --map ada_irc=ada

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

    /// The program that wrote the logs [default: recognised for each file]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// The encoding of lines that are not UTF-8 [default: gb18030 or windows-1252, guessed for each
    /// file]
    #[arg(long, value_name = "NAME")]
    encoding: Option<Legacy>,

    /// Make the messages of a nick those of a user; can be given several times
    #[arg(long, value_name = "NICK[=USER]")]
    map: Vec<Mapping>,

    /// The time zone of the logs, such as Asia/Shanghai
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = TimeZone::get)]
    timezone: TimeZone,
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
    decoded: BTreeMap<&'static str, u64>,
    #[serde(skip)]
    split: u64,
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
            decoded: _,
            split: _,
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
    fn found(&mut self, file: &LogFile, lines: LineCounts) {
        self.files += 1;
        self.messages += lines.messages;
        self.emotes += lines.emotes;
        self.skipped_joins += lines.notices;
        self.skipped_other += lines.others;
        self.split += lines.split;
        if lines.decoded > 0 {
            *self.decoded.entry(file.scan.legacy.name()).or_default() += lines.decoded;
        }
    }

    fn print(&self, output: &mut Output) -> Result<(), Failure> {
        for (encoding, lines) in &self.decoded {
            output.note(format_args!(
                "{lines} lines are not UTF-8 and were read as {encoding}; --encoding changes that"
            ));
        }
        if self.split > 0 {
            output.note(format_args!(
                "{} lines are longer than {TEXT_BYTES_MAX} bytes and became several messages",
                self.split
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
    let reading = Reading {
        day: args.date,
        format: args.format,
        legacy: args.encoding,
        zone: args.timezone.clone(),
    };
    let files = log_file::find(&args.paths, &reading)?;
    if args.dry_run {
        return dry_run(&files, &reading.zone, output);
    }
    let client = context.client(Conduct::Deliver).await?;
    if client.whoami().role < ServerRole::Admin {
        return Err(Failure::new(
            Exit::Failed,
            "only owners and admins of the server can import",
        ));
    }
    let senders = Senders::new(client, &args.map).await?;
    let conversation = group(client, &args.group).await?;
    import(
        client,
        output,
        conversation,
        (&files, &reading.zone),
        senders,
    )
    .await
}

fn dry_run(files: &[LogFile], zone: &TimeZone, output: &mut Output) -> Result<(), Failure> {
    let mut counts = Counts::default();
    let mut authors = Authors::default();
    let mut progress = output.progress();
    for file in files {
        let mut entries = file.entries(zone)?;
        while entries.next(&mut authors)?.is_some() {}
        counts.found(file, entries.counts);
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
    match group_named(client, name).await? {
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
    (files, zone): (&[LogFile], &TimeZone),
    mut senders: Senders<'_>,
) -> Result<(), Failure> {
    let mut counts = Counts {
        conversation: Some(conversation),
        ..Counts::default()
    };
    let mut authors = Authors::default();
    let mut progress = output.progress();
    for file in files {
        let mut entries = file.entries(zone)?;
        let mut upload = Upload::begin(client, conversation, file.source(), &mut senders).await?;
        while let Some(entry) = entries.next(&mut authors)? {
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
        counts.found(file, entries.counts);
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
    senders.note(output);
    counts.print(output)
}
