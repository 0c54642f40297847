//! `cairn list`

use std::collections::BTreeMap;
use std::fmt;

use cairn_client::Totals;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::model::conversation::{Conversation, ConversationKind};
use cairn_proto::model::group::MemberSettings;
use cairn_proto::model::notification::NotificationLevel;
use clap::Args;
use serde::Serialize;

use crate::cli::args::same_name::numbers;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::time;

/// List your conversations and their unread counts
///
/// Favourites come first. Of groups that share a name, the one that you joined first has the plain
/// name; commands address the others, shown as team (2), by the number after #id.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn list
  cairn list --all
  cairn list --total
  cairn list --json | jq -r 'select(.unread > 0) | .name'

JSON, a line for each conversation
  {\"conversation\":1,\"kind\":\"group\",\"name\":\"team\",\"head\":12,\"read\":10,\
     \"delivered\":12,\"unread\":2,\"mentions\":1,
   \"settings\":{\"notifications\":{\"level\":\"all\",\"until\":null},\
     \"favourite\":true,\"hidden\":false}}

JSON with --total; conversations are those with something unread, and muted ones are counted apart
  {\"conversations\":1,\"unread\":2,\"mentions\":1,\"muted_conversations\":0,\"muted_unread\":0,\
     \"muted_mentions\":0}")]
pub(crate) struct ListArgs {
    /// Show hidden conversations as well
    #[arg(long)]
    all: bool,

    /// Print only the totals
    #[arg(long)]
    total: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    conversation: ConversationId,
    kind: &'static str,
    name: String,
    head: MsgId,
    read: MsgId,
    delivered: MsgId,
    unread: u64,
    mentions: u64,
    settings: MemberSettings,
    #[serde(skip)]
    sigil: char,
    /// Beside the name of a group that shares it with one that the user joined earlier.
    #[serde(skip)]
    number: Option<usize>,
}

impl From<Conversation> for Row {
    fn from(conversation: Conversation) -> Self {
        let Conversation {
            id,
            kind,
            head,
            read,
            delivered,
            unread,
            mentions,
            settings,
            ..
        } = conversation;
        let (kind, sigil, name) = match &kind {
            ConversationKind::Direct { peer } => ("direct", '@', peer.name.to_string()),
            ConversationKind::Group { name } => ("group", '#', name.to_string()),
            ConversationKind::Queue { .. } => ("queue", '%', kind.title()),
            ConversationKind::Inquiry { .. } => ("inquiry", '?', kind.title()),
            ConversationKind::Back { .. } => ("notes", '!', kind.title()),
        };
        Self {
            conversation: id,
            kind,
            name,
            head,
            read,
            delivered,
            unread,
            mentions,
            settings,
            sigil,
            number: None,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conversation,
            name,
            head,
            unread,
            mentions,
            sigil,
            settings,
            number,
            ..
        } = self;
        write!(f, "{unread:>8} unread  of {head:>8}  {sigil}{name}")?;
        if let Some(number) = number {
            write!(f, " ({number})")?;
        }
        write!(f, "  (#id:{conversation})")?;
        if *mentions > 0 {
            write!(f, "  {mentions} mention you")?;
        }
        let level = settings.notifications.level_at(time::timestamp());
        let marks = [
            (settings.favourite, "favourite"),
            (level == NotificationLevel::Mentions, "mentions only"),
            (level == NotificationLevel::Nothing, "muted"),
            (settings.hidden, "hidden"),
        ];
        marks
            .iter()
            .filter(|(is_so, _)| *is_so)
            .try_for_each(|(_, mark)| write!(f, "  {mark}"))
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Total(Totals);

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals {
            conversations,
            unread,
            mentions,
            muted_conversations,
            muted_unread,
            muted_mentions,
        } = self.0;
        write!(
            f,
            "{unread:>8} unread  in {}",
            counted(conversations, "conversation")
        )?;
        if mentions > 0 {
            write!(f, "  {mentions} mention you")?;
        }
        if muted_unread > 0 {
            write!(
                f,
                "  {muted_unread} more in {}",
                counted(muted_conversations, "muted conversation")
            )?;
        }
        if muted_mentions > 0 {
            write!(f, ", where {muted_mentions} mention you")?;
        }
        Ok(())
    }
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

pub(crate) async fn run(
    args: &ListArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let mut conversations = client.conversations().list().await?;
    // Before hidden conversations are left out: they keep their names.
    let numbers = match args.total || output.is_json() {
        true => BTreeMap::new(),
        false => numbers(client, &conversations).await?,
    };
    conversations.retain(|conversation| args.all || !conversation.settings.hidden);
    conversations.sort_by_key(|conversation| !conversation.settings.favourite);
    let total = Total(Totals::of(&conversations, time::timestamp()));
    if args.total {
        return output.print(&total);
    }
    let is_told = !output.is_json() && !conversations.is_empty();
    conversations.into_iter().try_for_each(|conversation| {
        output.print(&Row {
            number: numbers.get(&conversation.id).copied(),
            ..Row::from(conversation)
        })
    })?;
    if is_told {
        output.print(&total)
    } else {
        Ok(())
    }
}
