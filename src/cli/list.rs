//! `cairn list`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::response::{Conversation, ConversationKind};
use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::session::{Conduct, Context};

/// List your conversations, with what is unread in each
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn list
  cairn list --json | jq -r 'select(.unread > 0) | .name'

JSON
  {\"conversation\":1,\"kind\":\"group\",\"name\":\"team\",\"head\":12,\"read\":10,\"delivered\":12,\"unread\":2,\"mentions\":1}")]
pub(super) struct ListArgs {}

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
    #[serde(skip)]
    sigil: char,
}

impl From<Conversation> for Row {
    fn from(conversation: Conversation) -> Self {
        let Conversation { id, kind, head, read, delivered, unread, mentions, .. } = conversation;
        let (kind, sigil, name) = match kind {
            ConversationKind::Direct { peer } => ("direct", '@', peer.name.to_string()),
            ConversationKind::Group { name } => ("group", '#', name.to_string()),
        };
        Self { conversation: id, kind, name, head, read, delivered, unread, mentions, sigil }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversation, name, head, unread, mentions, sigil, .. } = self;
        write!(f, "{unread:>8} unread  of {head:>8}  {sigil}{name}  (#id:{conversation})")?;
        if *mentions > 0 { write!(f, "  {mentions} mention you") } else { Ok(()) }
    }
}

pub(super) fn run(_: &ListArgs, context: &Context) -> Result<(), Failure> {
    context.with_client(Conduct::Ask, async |client, output| {
        client.conversations().await?.into_iter().try_for_each(|conversation| output.print(&Row::from(conversation)))
    })
}
