//! Loading the state that is always in memory.

use cairn_core::State;
use cairn_core::record::{
    ConversationRecord, DeviceRecord, KindRecord, LinkRecord, MembershipRecord, StoredMember,
    StoredRelation, UserRecord,
};
use cairn_proto::ids::{ConversationId, Revision, UserId};
use cairn_proto::model::audit::AuditRecord;
use cairn_proto::text::{GroupName, SettingValue};

use super::Loader;
use crate::trees::db::TreesError;
use crate::trees::{MetaKey, RowKey, RowPrefix, Tree, parse};

/// The highest id that the server assigns to a conversation.
const LAST_NUMBERED: ConversationId = ConversationId::new(u32::MAX as u64);

impl Loader {
    /// Loads the state that is always in memory: settings, users, devices, invites, memberships by
    /// user, who blocks whom, and the names of open groups.
    pub(crate) fn load_base(&self) -> Result<State, TreesError> {
        let mut state = State::default();
        self.each(&RowPrefix::all(Tree::Users), |key, record: UserRecord| {
            if let Some(user) = parse::user(key.bytes()) {
                state.install_user(user, record);
            }
        })?;
        self.each(
            &RowPrefix::all(Tree::Devices),
            |key, record: DeviceRecord| {
                if let Some((user, device)) = parse::device(key.bytes()) {
                    state.install_device(user, device, record);
                }
            },
        )?;
        self.each(&RowPrefix::all(Tree::Links), |key, record: LinkRecord| {
            if let Some(token) = parse::link(key.bytes()) {
                state.install_link(token, record);
            }
        })?;
        self.each(
            &RowPrefix::all(Tree::Memberships),
            |key, record: MembershipRecord| {
                if let Some((user, conversation)) = parse::membership(key.bytes()) {
                    state.install_membership(user, conversation, record);
                }
            },
        )?;
        self.each(&RowPrefix::all(Tree::OpenGroups), |key, name: GroupName| {
            if let Some(conversation) = parse::conversation(key.bytes()) {
                state.install_open_group(conversation, name);
            }
        })?;
        self.each(
            &RowPrefix::all(Tree::Settings),
            |key, value: SettingValue| {
                if let Some(name) = parse::setting(key.bytes()) {
                    state.install_setting(&name, &value);
                }
            },
        )?;
        self.each(
            &RowPrefix::all(Tree::Relations),
            |key, stored: Vec<StoredRelation>| {
                if let Some((user, _)) = parse::relations(key.bytes()) {
                    state.install_blocks(user, &stored);
                }
            },
        )?;
        self.each(&RowPrefix::all(Tree::Audit), |_, record: AuditRecord| {
            state.install_audit(&record);
        })?;
        self.revisions(&mut state)?;
        self.each(&RowPrefix::all(Tree::AttachmentBytes), |key, bytes: u64| {
            if let Some(user) = parse::user(key.bytes()) {
                state.attachments.install_bytes(user, bytes);
            }
        })?;
        self.each(&RowPrefix::all(Tree::Unused), |key, (): ()| {
            if let Some(hash) = parse::attachment(key.bytes()) {
                state.attachments.install_unused(hash);
            }
        })?;
        let last = self.trees.last_value(
            &RowPrefix::all(Tree::Conversations),
            &RowKey::conversation(LAST_NUMBERED),
        )?;
        if let Some(id) = last.and_then(|(key, _)| parse::conversation(key.bytes())) {
            state.install_last_numbered(id);
        }
        self.desk(&mut state)?;
        Ok(state)
    }

    /// Loads revisions. Nothing else of these conversations and memberships is kept.
    fn revisions(&self, state: &mut State) -> Result<(), TreesError> {
        self.each(
            &RowPrefix::all(Tree::Conversations),
            |key, record: ConversationRecord| {
                // Nothing of an inquiry that only its visitor is a member of is in memory.
                let is_idle = record.kind == KindRecord::Inquiry && record.counts.members <= 1;
                if let Some(id) = parse::conversation(key.bytes()).filter(|_| !is_idle) {
                    state.install_conversation_revision(id, record.changed);
                }
            },
        )?;
        self.each(
            &RowPrefix::all(Tree::Members),
            |key, members: Vec<StoredMember>| {
                let Some((id, _)) = parse::members(key.bytes()) else {
                    return;
                };
                let members = members.into_iter();
                let users = members.filter(|member| member.user != UserId::VISITOR);
                for StoredMember { user, record, .. } in users {
                    state.install_membership_revision(user, id, record.changed);
                }
            },
        )?;
        self.each(&RowPrefix::all(Tree::Ended), |key, at: Revision| {
            if let Some((user, id)) = parse::membership(key.bytes()) {
                state.install_ended(user, id, at);
            }
        })?;
        state.install_epochs(
            self.trees
                .read(&RowKey::meta(MetaKey::Epochs))?
                .unwrap_or_default(),
        );
        if let Some(time) = self.trees.read(&RowKey::meta(MetaKey::Clock))? {
            state.install_clock(time);
        }
        Ok(())
    }
}
