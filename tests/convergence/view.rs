//! What a user sees, as values that can be compared between two devices, or a device and the
//! server.

use std::collections::BTreeMap;

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::model::group::MemberSettings;
use cairn_client::proto::model::people::Relation;
use cairn_session::{Conversation, Details, Entry, Replica};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub conversations: BTreeMap<ConversationId, ConversationView>,
    pub contacts: BTreeMap<UserId, Relation>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationView {
    pub details: Details,
    pub settings: MemberSettings,
    pub floor: MsgId,
    pub head: MsgId,
    /// Later messages are unread.
    pub read: MsgId,
    pub unread: u64,
    pub mentions: u64,
    pub entries: BTreeMap<MsgId, Entry>,
}

impl From<&Replica> for View {
    fn from(replica: &Replica) -> Self {
        let conversations = replica
            .conversations()
            .map(|(id, conversation)| (id, ConversationView::from(conversation)));
        Self {
            conversations: conversations.collect(),
            contacts: replica.contacts().iter().collect(),
        }
    }
}

impl From<&Conversation> for ConversationView {
    fn from(conversation: &Conversation) -> Self {
        let unread = conversation.unread();
        assert!(
            !unread.is_lower_bound && conversation.held_after() == conversation.floor(),
            "these replicas evict nothing"
        );
        Self {
            details: conversation.details().clone(),
            settings: conversation.settings(),
            floor: conversation.floor(),
            head: conversation.head(),
            read: conversation.read(),
            unread: unread.messages,
            mentions: unread.mentions,
            entries: conversation
                .entries()
                .map(|(msgid, entry)| (msgid, entry.clone()))
                .collect(),
        }
    }
}
