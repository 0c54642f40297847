//! `cairn list`

use std::fmt;

use cairn_proto::group::MemberSettings;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::response::{Conversation, ConversationKind};
use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::session::{Conduct, Context};

/// List your conversations, favourites first, with what is unread in each
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn list
  cairn list --all
  cairn list --json | jq -r 'select(.unread > 0) | .name'

JSON
  {\"conversation\":1,\"kind\":\"group\",\"name\":\"team\",\"head\":12,\"read\":10,\"delivered\":12,\"unread\":2,\"mentions\":1,
   \"settings\":{\"muted\":false,\"favourite\":true,\"hidden\":false}}")]
pub(super) struct ListArgs {
    /// Show hidden conversations as well
    #[arg(long)]
    all: bool,
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
}

impl From<Conversation> for Row {
    fn from(conversation: Conversation) -> Self {
        let Conversation { id, kind, head, read, delivered, unread, mentions, settings, .. } = conversation;
        let (kind, sigil, name) = match kind {
            ConversationKind::Direct { peer } => ("direct", '@', peer.name.to_string()),
            ConversationKind::Group { name } => ("group", '#', name.to_string()),
        };
        Self { conversation: id, kind, name, head, read, delivered, unread, mentions, settings, sigil }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversation, name, head, unread, mentions, sigil, settings, .. } = self;
        write!(f, "{unread:>8} unread  of {head:>8}  {sigil}{name}  (#id:{conversation})")?;
        if *mentions > 0 {
            write!(f, "  {mentions} mention you")?;
        }
        let marks = [(settings.favourite, "favourite"), (settings.muted, "muted"), (settings.hidden, "hidden")];
        marks.iter().filter(|(is_so, _)| *is_so).try_for_each(|(_, mark)| write!(f, "  {mark}"))
    }
}

pub(super) fn run(args: &ListArgs, context: &Context) -> Result<(), Failure> {
    context.with_client(Conduct::Ask, async |client, output| {
        let mut conversations = client.conversations().await?;
        conversations.retain(|conversation| args.all || !conversation.settings.hidden);
        conversations.sort_by_key(|conversation| !conversation.settings.favourite);
        conversations.into_iter().try_for_each(|conversation| output.print(&Row::from(conversation)))
    })
}
