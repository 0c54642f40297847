//! The keys of attachments.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId, UserId};

use super::{RowKey, RowPrefix};
use crate::trees::Tree;

impl RowKey {
    #[must_use]
    pub fn attachment(hash: AttachmentHash) -> Self {
        Self::new(Tree::Attachments).and(hash.as_bytes())
    }

    /// Marks an unreferenced attachment.
    #[must_use]
    pub fn unused(hash: AttachmentHash) -> Self {
        Self::new(Tree::Unused).and(hash.as_bytes())
    }

    /// The attachment that a message refers to.
    #[must_use]
    pub fn attached(conversation: ConversationId, msgid: MsgId) -> Self {
        Self::new(Tree::Attached)
            .and_u64(conversation.get())
            .and_u64(msgid.get())
    }

    /// The quota used by a user's uploads.
    #[must_use]
    pub fn attachment_bytes(user: UserId) -> Self {
        Self::new(Tree::AttachmentBytes).and_u32(user.get())
    }
}

impl RowPrefix {
    #[must_use]
    pub(crate) fn attached_in(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Attached).and_u64(conversation.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trees::parse;

    #[test]
    fn keys_round_trip() {
        let (conversation, msgid, user) = (ConversationId::new(7), MsgId::new(9), UserId::new(3));
        let hash = AttachmentHash::new([5; 32]);
        assert_eq!(
            parse::attachment(RowKey::attachment(hash).bytes()),
            Some(hash)
        );
        assert_eq!(parse::attachment(RowKey::unused(hash).bytes()), Some(hash));
        assert_eq!(
            parse::attached(RowKey::attached(conversation, msgid).bytes()),
            Some((conversation, msgid))
        );
        assert_eq!(
            parse::user(RowKey::attachment_bytes(user).bytes()),
            Some(user)
        );
        assert!(
            RowKey::attached(conversation, msgid)
                .bytes()
                .starts_with(RowPrefix::attached_in(conversation).bytes())
        );
        assert_eq!(parse::attachment(&[0; 31]), None);
    }
}
