//! `cairn desk link`

use std::fmt;

use cairn_client::Client;
use cairn_proto::ids::LinkId;
use cairn_proto::model::desk::DeskKeyInfo;
use cairn_proto::text::GroupName;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::super::args::{Queues, parse_queue};
use super::super::help;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;
use crate::ui::time::Local;

/// Make, list or revoke links for visitors
///
/// Anyone with the link can ask, any number of times, until it is revoked: it is made to be
/// published. For owners and admins of the server.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = help::LINK)]
pub(crate) struct LinkArgs {
    #[command(subcommand)]
    action: Option<Action>,

    /// The queue of inquiries to which no routing rule applies
    #[arg(value_parser = parse_queue, required = true)]
    queue: Option<GroupName>,

    /// Only for visitors of whom the shop signed who they are
    #[arg(long)]
    signed: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the links that were not revoked
    #[command(after_help = help::LINK_LIST)]
    List,
    /// Revoke a link: no further visit begins with it
    #[command(after_help = help::LINK_REVOKE)]
    Revoke {
        /// The link, as `cairn desk link list` shows it
        #[arg(value_parser = parse_id)]
        id: LinkId,
    },
}

fn parse_id(raw: &str) -> Result<LinkId, &'static str> {
    raw.parse()
        .map_err(|_| "it is the 8 digits that `cairn desk link list` shows")
}

#[derive(Debug, Serialize)]
struct Made {
    link: String,
    id: String,
    queue: String,
    requires_signature: bool,
    /// With which the shop signs.
    secret: String,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.link)
    }
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    queue: String,
    requires_signature: bool,
    created_at_ms: u64,
}

impl Row {
    fn new(info: &DeskKeyInfo, queues: &Queues) -> Self {
        Self {
            id: info.id.to_string(),
            queue: queues.name_of(info.queue),
            requires_signature: info.requires_signature,
            created_at_ms: info.created_at.get(),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = Sanitized(&self.queue).to_string();
        write!(
            f,
            "{}  to {queue:16}  since {}",
            self.id,
            Local(self.created_at_ms)
        )?;
        f.write_str(match self.requires_signature {
            true => "  for signed visitors",
            false => "",
        })
    }
}

#[derive(Debug, Serialize)]
struct Revoked {
    revoked: String,
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revoked link {}", self.revoked)
    }
}

pub(crate) async fn run(
    args: &LinkArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    match (&args.action, &args.queue) {
        (Some(Action::List), _) => {
            let queues = Queues::load(client).await?;
            let mut links = client.desk().links().await?;
            links.sort_by_key(|link| link.created_at);
            links
                .iter()
                .try_for_each(|link| output.print(&Row::new(link, &queues)))
        }
        (Some(Action::Revoke { id }), _) => {
            client.desk().revoke_link(*id).await?;
            let revoked = id.to_string();
            output.print(&Revoked { revoked })
        }
        (None, Some(queue)) => make(client, queue, args.signed, output).await,
        (None, None) => Err(Failure::new(Exit::Usage, "the queue is missing")),
    }
}

async fn make(
    client: &Client,
    queue: &GroupName,
    requires_signature: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    let queues = Queues::load(client).await?;
    let queue = queues.named(queue)?;
    let desk = client.desk();
    let made = desk
        .create_link(queue.counts.queue, requires_signature)
        .await?;
    let secret = made.secret.reveal();
    if requires_signature && !output.is_json() {
        output.note(format_args!(
            "the shop signs with this secret, which is not shown again: {secret}"
        ));
    }
    output.print(&Made {
        link: made.link.to_string(),
        id: made.id.to_string(),
        queue: queue.config.name.to_string(),
        requires_signature,
        secret,
    })
}
