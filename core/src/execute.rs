//! The dispatch of every command: each is refused without an effect, or makes its changes.

use cairn_proto::ids::{ConversationId, EpochId, Timestamp};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::{Command, Grant, Reply};
use crate::permission::Action;
use crate::state::State;

impl State {
    /// Executes a command. What [`State::missing`] returns must be loaded. The changes take effect
    /// in memory at once; they are durable, and may be published, with the batch.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub fn execute(
        &mut self,
        command: Command,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Reply, ErrorCode> {
        match command {
            Command::OwnerInvite { token, expires_at } => {
                self.owner_invite(token, expires_at, now, batch)
            }
            Command::Invite {
                actor,
                token,
                uses,
                life_seconds,
            } => self.invite(actor, token, uses, life_seconds, now, batch),
            Command::Join {
                invite,
                name,
                password,
                device,
            } => self.join(invite, name, password, device, now, batch),
            Command::Account { name } => Ok(Reply::Account(self.account(&name))),
            Command::AddDevice { user, device } => self.add_device(user, device, now, batch),
            Command::Login {
                token,
                stream,
                push,
                since,
            } => self.login(token, stream, push, since, batch),
            Command::Begin(epoch) => Ok(self.begin_epoch(epoch, batch)),
            Command::Grant(actor, conversation) => {
                self.grant(actor, conversation).map(Reply::Grant)
            }
            Command::Metrics(actor) => self.allow_metrics(actor),
            Command::Attachment(command) => {
                self.attachment(command, now, batch).map(Reply::Attachment)
            }
            Command::KeepsByDefault => Ok(self.keeps_by_default()),
            Command::Retained(conversation) => self.retained(conversation),
            Command::Expire {
                conversation,
                policy,
                aged,
            } => self.expire(conversation, policy, aged, batch),
            Command::Ask(actor, request) => {
                self.ask(actor, request, now, batch).map(Reply::Response)
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each request")]
    fn ask(
        &mut self,
        actor: Actor,
        request: Request,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        self.check_actor(actor)?;
        match request {
            Request::Send(draft) => self.send(actor, &draft, now, batch),
            Request::Forward(forward) => self.forward(actor, forward, now, batch),
            Request::Ack {
                conversation,
                msgid,
            } => self.ack(actor, conversation, msgid, batch),
            Request::Read {
                conversation,
                msgid,
            } => self.read(actor, conversation, msgid, batch),
            Request::Receipts {
                conversation,
                msgid,
                after,
            } => self.receipts(actor, conversation, msgid, after),
            Request::OwnReads => Ok(self.own_reads(actor)),
            Request::SetOwnReads(reads) => self.set_own_reads(actor, reads, batch),
            Request::MarkUnread { conversation, from } => {
                self.mark_unread(actor, conversation, from, batch)
            }
            Request::Conversations { since, after } => {
                batch.force_if_reads_moved();
                Ok(Response::Conversations(
                    self.overview_page(actor, since, after),
                ))
            }
            Request::FindUsers { names } => self.find_users(&names),
            Request::Users { ids } => self.users_by_id(&ids),
            Request::CreateGroup { name, members } => {
                self.create_group(actor, name, members, now, batch)
            }
            Request::AddMembers { .. }
            | Request::RemoveMembers { .. }
            | Request::Group { .. }
            | Request::RenameGroup { .. }
            | Request::SetTopic { .. }
            | Request::SetGroupSettings { .. }
            | Request::SetRole { .. }
            | Request::HandOver { .. }
            | Request::Ban { .. }
            | Request::Unban { .. }
            | Request::BannedUsers { .. }
            | Request::MuteMember { .. }
            | Request::JoinGroup { .. } => self.ask_group(actor, request, now, batch),
            Request::FindGroups { prefix } => Ok(self.find_groups(prefix.as_ref())),
            Request::SetMemberSettings {
                conversation,
                settings,
            } => self.set_member_settings(actor, conversation, settings, batch),
            Request::Members {
                conversation,
                after,
            } => self.members_page(actor, conversation, after),
            Request::Devices => Ok(Response::Devices(self.devices(actor))),
            Request::RevokeDevice(device) => self.revoke_device(actor, device, batch),
            Request::Import {
                conversation,
                source,
                first,
                entries,
            } => self.import(actor, conversation, source, first, &entries, now, batch),
            Request::ImportCursor {
                conversation,
                source,
            } => self.import_cursor(actor, conversation, source, now),
            Request::Explain { conversation, user } => self.explain(actor, conversation, user, now),
            Request::Edit {
                conversation,
                msgid,
                text,
            } => self.edit(actor, conversation, msgid, text, now, batch),
            Request::Recall {
                conversation,
                msgid,
            } => self.recall(actor, conversation, msgid, now, batch),
            Request::React {
                conversation,
                msgid,
                emoji,
            } => self.react(actor, conversation, msgid, emoji, now, batch),
            Request::Unreact {
                conversation,
                msgid,
                emoji,
            } => self.unreact(actor, conversation, msgid, emoji, now, batch),
            Request::Pin {
                conversation,
                msgid,
            } => self.pin(actor, conversation, msgid, now, batch),
            Request::Unpin {
                conversation,
                msgid,
            } => self.unpin(actor, conversation, msgid, now, batch),
            Request::Pins { conversation } => self.pins(actor, conversation),
            Request::SetRetention {
                conversation,
                retention,
            } => self.set_retention(actor, conversation, retention, now, batch),
            Request::Retention { conversation } => self.retention(actor, conversation),
            Request::Settings => Ok(self.list_settings()),
            Request::SetSetting { name, value } => self.set_setting(actor, &name, &value, batch),
            Request::Relate { user, act } => self.relate(actor, user, act, batch),
            Request::Contacts { after } => Ok(self.contacts_page(actor, after)),
            Request::SearchUsers { prefix, after } => self.search_users(actor, &prefix, after),
            Request::Profiles { users } => self.profiles_of(&users),
            Request::SetServerRole { user, role } => self.set_server_role(actor, user, role, batch),
            Request::SetProfile(profile) => Ok(self.set_profile(actor, profile, batch)),
            Request::Focus { conversation } => self.focus(actor, conversation, now),
            Request::Watch { users } => self.watchable(actor, &users),
            // Sessions handle these with commands of their own (tokens, history, metrics) or
            // outside the state machine (presence).
            Request::CreateInvite { .. }
            | Request::Pull { .. }
            | Request::Metrics
            | Request::SetPresence(_) => Err(ErrorCode::Unsupported),
        }
    }

    /// Requests about a group and its members.
    fn ask_group(
        &mut self,
        actor: Actor,
        request: Request,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        match request {
            Request::AddMembers {
                conversation,
                users,
            } => self.add_members(actor, conversation, users, now, batch),
            Request::RemoveMembers {
                conversation,
                users,
            } => self.remove_members(actor, conversation, users, now, batch),
            Request::Group { conversation } => self.group_details(actor, conversation, now),
            Request::RenameGroup { conversation, name } => {
                self.rename_group(actor, conversation, name, now, batch)
            }
            Request::SetTopic {
                conversation,
                topic,
            } => self.set_topic(actor, conversation, topic, now, batch),
            Request::SetGroupSettings {
                conversation,
                settings,
            } => self.set_group_settings(actor, conversation, settings, now, batch),
            Request::SetRole {
                conversation,
                user,
                role,
            } => self.set_role(actor, conversation, user, role, now, batch),
            Request::HandOver { conversation, user } => {
                self.hand_over(actor, conversation, user, now, batch)
            }
            Request::Ban {
                conversation,
                users,
            } => self.ban(actor, conversation, users, now, batch),
            Request::Unban {
                conversation,
                users,
            } => self.unban(actor, conversation, users, now, batch),
            Request::BannedUsers { conversation } => self.banned_users(actor, conversation, now),
            Request::MuteMember {
                conversation,
                user,
                until,
            } => self.mute_member(actor, conversation, user, until, now, batch),
            Request::JoinGroup { conversation } => self.join_group(actor, conversation, now, batch),
            _ => Err(ErrorCode::Unsupported),
        }
    }

    fn grant(&self, actor: Actor, conversation: ConversationId) -> Result<Grant, ErrorCode> {
        self.check_actor(actor)?;
        let (found, member) = self.membership(actor.user, conversation)?;
        Ok(Grant {
            conversation,
            floor: found.floor(&member.record),
        })
    }

    fn allow_metrics(&self, actor: Actor) -> Result<Reply, ErrorCode> {
        self.check_actor(actor)?;
        self.check_on_server(actor.user, Action::ReadMetrics)
            .map(|()| Reply::MetricsAllowed)
    }

    fn begin_epoch(&mut self, epoch: EpochId, batch: &mut Batch) -> Reply {
        self.make(&Change::EpochBegun(epoch), batch);
        Reply::Done
    }
}
