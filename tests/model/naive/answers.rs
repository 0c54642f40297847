//! The model's answer to each kind of request.

use cairn_core::Asked;
use cairn_core::api::actor::Actor;
use cairn_proto::ids::Timestamp;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::{
    Answer, Call, GroupRequest, List, MessageRequest, PeopleRequest, ReadingRequest, ServerRequest,
};

use super::Naive;

fn answer<C: Call>(_: &C, answer: Result<C::Answer, ErrorCode>) -> Result<Answer, ErrorCode> {
    answer.map(|answer| Answer::to::<C>(&answer))
}

impl Naive {
    pub(in crate::model) fn answer(
        &mut self,
        actor: Actor,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Answer, ErrorCode> {
        match asked {
            Asked::Message(request) => self.answer_message(actor, request, now),
            Asked::Reading(request) => self.answer_reading(actor, request, now),
            Asked::Group(request) => self.answer_group(actor, request, now),
            Asked::People(request) => self.answer_people(actor, request, now),
            Asked::Server(request) => self.answer_server(actor, request, now),
            // The desk has a naive model of its own.
            Asked::Desk(_) => Err(ErrorCode::Unsupported),
        }
    }

    fn answer_message(
        &mut self,
        actor: Actor,
        request: &MessageRequest,
        now: Timestamp,
    ) -> Result<Answer, ErrorCode> {
        use MessageRequest::{
            Edit, EditMentioning, Forward, GetImportCursor, Import, ListPins, Pin, React, Recall,
            Send, Unpin, Unreact,
        };
        match request {
            Send(call) => answer(call, self.send(actor, call, now)),
            Forward(call) => answer(call, self.forward(actor, *call, now)),
            EditMentioning(call) => answer(
                call,
                self.edit(
                    actor,
                    (call.conversation, call.msgid),
                    &call.text,
                    Some(&call.mentions),
                    now,
                ),
            ),
            Edit(call) => answer(
                call,
                self.edit(
                    actor,
                    (call.conversation, call.msgid),
                    &call.text,
                    None,
                    now,
                ),
            ),
            Recall(call) => answer(call, self.recall(actor, call.conversation, call.msgid, now)),
            React(call) => answer(
                call,
                self.react(actor, call.conversation, call.msgid, &call.emoji, now),
            ),
            Unreact(call) => answer(
                call,
                self.unreact(actor, call.conversation, call.msgid, &call.emoji, now),
            ),
            Pin(call) => answer(call, self.pin(actor, call.conversation, call.msgid, now)),
            Unpin(call) => answer(call, self.unpin(actor, call.conversation, call.msgid, now)),
            ListPins(call) => answer(call, self.pins(actor, call.conversation)),
            Import(call) => answer(call, self.import(actor, call, now)),
            GetImportCursor(call) => answer(
                call,
                self.import_cursor(actor, call.conversation, call.source),
            ),
        }
    }

    fn answer_reading(
        &mut self,
        actor: Actor,
        request: &ReadingRequest,
        now: Timestamp,
    ) -> Result<Answer, ErrorCode> {
        match request {
            ReadingRequest::Ack(call) => {
                answer(call, self.ack(actor, call.conversation, call.msgid))
            }
            ReadingRequest::MarkRead(call) => {
                answer(call, self.read(actor, call.conversation, call.msgid))
            }
            ReadingRequest::MarkUnread(call) => {
                answer(call, self.mark_unread(actor, call.conversation, call.from))
            }
            ReadingRequest::GetReceipts(call) => answer(
                call,
                self.receipts(actor, call.conversation, call.msgid, call.after),
            ),
            ReadingRequest::Explain(call) => {
                answer(call, self.explain(actor, call.conversation, call.user, now))
            }
            ReadingRequest::GetOwnReads(call) => answer(call, Ok(self.users[&actor.user].reads)),
            ReadingRequest::SetOwnReads(call) => {
                self.set_own_reads(actor, call.reads);
                answer(call, Ok(()))
            }
        }
    }

    fn answer_group(
        &mut self,
        actor: Actor,
        request: &GroupRequest,
        now: Timestamp,
    ) -> Result<Answer, ErrorCode> {
        use GroupRequest::{
            AddMembers, Ban, CreateGroup, FindGroups, GetGroup, GetRetention, HandOver, JoinGroup,
            ListBanned, ListMembers, MuteMember, RemoveMembers, RenameGroup, SetGroupSettings,
            SetMemberSettings, SetRetention, SetRole, SetTopic, Unban,
        };
        match request {
            CreateGroup(call) => answer(
                call,
                self.create_group(actor, &call.name, &call.members, now),
            ),
            AddMembers(call) => answer(
                call,
                self.add_members(actor, call.conversation, &call.users, now),
            ),
            RemoveMembers(call) => answer(
                call,
                self.remove_members(actor, call.conversation, &call.users, now),
            ),
            ListMembers(call) => answer(call, self.members(actor, call.conversation, call.after)),
            GetGroup(call) => answer(call, self.group_details(actor, call.conversation)),
            RenameGroup(call) => {
                answer(call, self.rename(actor, call.conversation, &call.name, now))
            }
            SetTopic(call) => answer(
                call,
                self.set_topic(actor, call.conversation, &call.topic, now),
            ),
            SetGroupSettings(call) => answer(
                call,
                self.set_group_settings(actor, call.conversation, call.settings, now),
            ),
            SetRole(call) => answer(
                call,
                self.set_role(actor, call.conversation, call.user, call.role, now),
            ),
            HandOver(call) => answer(
                call,
                self.hand_over(actor, call.conversation, call.user, now),
            ),
            Ban(call) => answer(call, self.ban(actor, call.conversation, &call.users, now)),
            Unban(call) => answer(call, self.unban(actor, call.conversation, &call.users, now)),
            ListBanned(call) => answer(call, self.banned(actor, call.conversation)),
            MuteMember(call) => answer(
                call,
                self.mute(actor, call.conversation, call.user, call.until, now),
            ),
            JoinGroup(call) => answer(call, self.join_group(actor, call.conversation, now)),
            FindGroups(call) => answer(call, Ok(self.find_groups(call.prefix.as_ref()))),
            SetMemberSettings(call) => {
                answer(call, self.settle(actor, call.conversation, call.settings))
            }
            SetRetention(call) => answer(
                call,
                self.set_retention(actor, call.conversation, call.retention, now),
            ),
            GetRetention(call) => answer(call, self.retention(actor, call.conversation)),
        }
    }

    fn answer_people(
        &mut self,
        actor: Actor,
        request: &PeopleRequest,
        now: Timestamp,
    ) -> Result<Answer, ErrorCode> {
        match request {
            PeopleRequest::FindUsers(call) => {
                let ids = call.names.iter().filter_map(|name| self.named(name));
                let users: Vec<_> = ids.filter_map(|id| self.info(id)).collect();
                if !self.sees_everyone(actor.user) {
                    let found = users.iter().map(|found| (actor.user, found.id));
                    self.found_by_name.extend(found);
                }
                answer(call, Ok(List(users)))
            }
            PeopleRequest::GetUsers(call) => {
                let ids = call.ids.iter();
                let seen = ids.filter(|&&id| self.may_see(actor.user, id));
                let users = seen.filter_map(|&id| self.info(id)).collect();
                answer(call, Ok(List(users)))
            }
            PeopleRequest::SearchUsers(call) => {
                answer(call, self.search(actor, &call.prefix, call.after))
            }
            PeopleRequest::Relate(call) => answer(call, self.relate(actor, call.user, call.act)),
            PeopleRequest::ListContacts(call) => answer(call, Ok(self.contacts(actor, call.after))),
            PeopleRequest::GetProfiles(call) => answer(call, Ok(self.profiles(actor, &call.users))),
            PeopleRequest::SetProfile(call) => {
                self.set_profile(actor, &call.profile);
                answer(call, Ok(()))
            }
            PeopleRequest::GetKeywords(call) => {
                answer(call, Ok(List(self.users[&actor.user].keywords.clone())))
            }
            PeopleRequest::ChangeKeywords(call) => {
                answer(call, self.change_keywords(actor, &call.add, &call.remove))
            }
            PeopleRequest::RenameUser(call) => {
                answer(call, self.rename_user(actor, call.user, &call.name, now))
            }
            PeopleRequest::ClaimImported(call) => {
                answer(call, self.claim(actor, call.imported, call.user, now))
            }
        }
    }

    fn answer_server(
        &mut self,
        actor: Actor,
        request: &ServerRequest,
        now: Timestamp,
    ) -> Result<Answer, ErrorCode> {
        match request {
            ServerRequest::RevokeDevice(call) => answer(call, self.revoke(actor, call.device)),
            ServerRequest::ListSettings(call) => answer(call, Ok(List(self.told_settings()))),
            ServerRequest::SetSetting(call) => {
                answer(call, self.set(actor, &call.name, &call.value, now))
            }
            ServerRequest::SetServerRole(call) => {
                answer(call, self.set_server_role(actor, call.user, call.role, now))
            }
            ServerRequest::ListAudit(call) => answer(call, self.audit_page(actor, call.first)),
            ServerRequest::DeactivateUser(call) => {
                answer(call, self.deactivate(actor, call.user, now))
            }
            ServerRequest::ListInvites(call) => answer(call, self.invites(actor, call.after, now)),
            ServerRequest::RevokeInvite(call) => {
                answer(call, self.revoke_invite(actor, call.invite, now))
            }
            ServerRequest::ReactivateUser(call) => {
                answer(call, self.reactivate(actor, call.user, now))
            }
        }
    }
}
