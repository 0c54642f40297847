//! Admission: what a request is reduced to before it is queued, and the memory that it and its
//! answer may take.

use std::hash::Hash;

use cairn_proto::ids::UserId;
use cairn_proto::limits as wire;
use cairn_proto::wire::request::session::Search;
use cairn_proto::wire::request::{
    Cost, DeskRequest, GroupRequest, MessageRequest, PeopleRequest, ReadingRequest, Request,
    ServerRequest, SessionRequest,
};
use hashbrown::HashSet;

use crate::limits;

/// Bytes of an answer that is empty or one number, with its frame.
const NUMBER_BYTES: usize = 32;

/// Bytes of an answer without a list.
const VALUE_BYTES: usize = 1024;

/// Bytes of a list that grows with nothing that users create, such as that of the settings.
const SHORT_LIST_BYTES: usize = 16 * 1024;

/// Bytes of a page of a list.
const PAGE_BYTES: usize = 64 * 1024;

/// Bytes of most lists of the support desk.
const DESK_BYTES: usize = 2 * PAGE_BYTES;

/// Bytes of a page of invites.
const INVITES_BYTES: usize =
    wire::INVITES_PER_PAGE_MAX * (INVITE_BYTES + wire::INVITED_SHOWN_MAX * NUMBER_BYTES_MAX);

/// Bytes of an invite, without its users.
const INVITE_BYTES: usize = 40;

/// Bytes of a number below 2^32.
const NUMBER_BYTES_MAX: usize = 5;

/// Bytes of a place in the cursor of a search.
const PLACE_BYTES: usize = 18;

/// Bytes of a user in an answer: a name, and a few numbers.
const USER_BYTES: usize = wire::USER_NAME_BYTES_MAX + 16;

/// Bytes of a user with the profile.
const PROFILE_BYTES: usize =
    USER_BYTES + wire::AVATAR_BYTES_MAX + wire::ABOUT_BYTES_MAX + wire::DISPLAY_NAME_BYTES_MAX + 16;

/// Bytes in memory of a named user or entry, in addition to its bytes on the wire.
const ITEM_BYTES: usize = 48;

/// Bounds the list of a request before it is queued, and removes what it names twice: no answer
/// repeats a user, and what will be refused takes no memory until then.
pub(crate) fn admit(request: &mut Request) {
    match request {
        Request::People(PeopleRequest::FindUsers(call)) => {
            keep_first(&mut call.names, wire::USERS_PER_REQUEST_MAX);
        }
        Request::People(PeopleRequest::GetUsers(call)) => {
            keep_first(&mut call.ids, wire::USERS_PER_REQUEST_MAX);
        }
        Request::People(PeopleRequest::GetProfiles(call)) => {
            keep_first(&mut call.users, wire::PROFILES_PER_REQUEST_MAX);
        }
        Request::Session(SessionRequest::Watch(call)) => {
            keep_first(&mut call.users, wire::WATCHED_USERS_MAX);
        }
        Request::Group(GroupRequest::CreateGroup(call)) => bound_users(&mut call.members),
        Request::Group(GroupRequest::AddMembers(call)) => bound_users(&mut call.users),
        Request::Group(GroupRequest::RemoveMembers(call)) => bound_users(&mut call.users),
        Request::Group(GroupRequest::Ban(call)) => bound_users(&mut call.users),
        Request::Group(GroupRequest::Unban(call)) => bound_users(&mut call.users),
        Request::Message(MessageRequest::Import(call)) => {
            bound(&mut call.entries, wire::IMPORT_ENTRIES_MAX);
        }
        _ => {}
    }
}

fn keep_first<T: Clone + Eq + Hash>(items: &mut Vec<T>, max: usize) {
    if items.len() > max {
        return bound(items, max);
    }
    let mut seen = HashSet::with_capacity(items.len());
    items.retain(|item| seen.insert(item.clone()));
}

fn bound_users(users: &mut Vec<UserId>) {
    bound(users, wire::USERS_PER_REQUEST_MAX);
}

/// Keeps one item too many, so that the request is refused as before.
fn bound<T>(items: &mut Vec<T>, max: usize) {
    items.truncate(max + 1);
    items.shrink_to_fit();
}

/// Returns the memory that a request of this many bytes takes until its answer is written.
#[must_use]
pub(crate) const fn bytes_of(request: &Request, frame_bytes: usize) -> usize {
    let items = match request {
        Request::Session(SessionRequest::Search(call)) => places_of(call),
        other => other.items(),
    };
    frame_bytes + items * ITEM_BYTES + answer_bytes_max(request)
}

/// Returns what the decision of a request of this many bytes costs, in cheap decisions. Most costly
/// ones are reads, which gain nothing from large batches, so an item counts for more than its time.
#[must_use]
pub(crate) fn cost_of(request: &Request, frame_bytes: usize) -> u32 {
    let items = match request.traits().cost {
        Cost::Constant => 0,
        Cost::PerItem => request.items(),
        Cost::Page => return limits::PAGE_COST,
    };
    u32::try_from(1 + items + frame_bytes / limits::BYTES_PER_COST).unwrap_or(u32::MAX)
}

/// Returns the bytes of the largest answer to a request. An answer may turn out larger than this
/// only where the difference does not matter, as it is accounted for once it is made.
const fn answer_bytes_max(request: &Request) -> usize {
    let items = request.items();
    match request {
        Request::Message(MessageRequest::Send(_) | MessageRequest::Forward(_))
        | Request::Reading(ReadingRequest::Ack(_) | ReadingRequest::MarkRead(_)) => NUMBER_BYTES,
        Request::Group(GroupRequest::ListBanned(_)) => wire::BANNED_USERS_MAX * USER_BYTES,
        Request::People(PeopleRequest::GetProfiles(_)) => items * PROFILE_BYTES,
        Request::People(PeopleRequest::FindUsers(_) | PeopleRequest::GetUsers(_)) => {
            items * USER_BYTES
        }
        Request::Session(SessionRequest::Watch(_)) => items * VALUE_BYTES,
        Request::Session(SessionRequest::Pull(_)) => wire::RUN_BYTES_MAX + wire::ENTRY_BYTES_MAX,
        Request::Session(SessionRequest::ListConversations(_)) => wire::FRAME_BYTES_MAX,
        Request::Session(SessionRequest::Search(call)) => {
            wire::RUN_BYTES_MAX + PAGE_BYTES + places_of(call) * PLACE_BYTES
        }
        Request::Session(SessionRequest::GetMetrics(_)) => PAGE_BYTES,
        Request::Desk(
            DeskRequest::GetMyDesk(_)
            | DeskRequest::ListInquiries(_)
            | DeskRequest::ListAgents(_)
            | DeskRequest::ListQueues(_)
            | DeskRequest::GetRouteRules(_)
            | DeskRequest::ListCanned(_),
        ) => DESK_BYTES,
        Request::Server(ServerRequest::ListInvites(_)) => INVITES_BYTES,
        Request::Session(SessionRequest::ListDevices(_))
        | Request::Server(ServerRequest::ListSettings(_)) => SHORT_LIST_BYTES,
        other => match other.traits().cost {
            Cost::Constant | Cost::PerItem => VALUE_BYTES,
            Cost::Page => PAGE_BYTES,
        },
    }
}

/// The places in the cursor of a search.
const fn places_of(call: &Search) -> usize {
    match &call.before {
        Some(cursor) => cursor.places.len(),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::content::message::Draft;
    use cairn_proto::content::packed::Content;
    use cairn_proto::content::{body::Body, extras::Extras};
    use cairn_proto::ids::{ClientSeq, ConversationId, RequestId, UserId};
    use cairn_proto::model::people::{Avatar, Profile, UserProfile};
    use cairn_proto::model::user::{ServerRole, UserInfo, UserState};
    use cairn_proto::wire::request::List;
    use cairn_proto::wire::request::group::AddMembers;
    use cairn_proto::wire::request::people::{GetProfiles, GetUsers};
    use cairn_proto::wire::response::ServerFrame;

    use super::*;

    fn ids(ids: impl IntoIterator<Item = u32>) -> Vec<UserId> {
        ids.into_iter().map(UserId::new).collect()
    }

    fn admitted(request: impl Into<Request>) -> Request {
        let mut request = request.into();
        admit(&mut request);
        request
    }

    #[test]
    fn repeated_users_collapse_in_order() {
        let users = GetUsers {
            ids: ids([3, 1, 3, 2, 1, 3]),
        };
        assert_eq!(
            admitted(users),
            GetUsers {
                ids: ids([3, 1, 2])
            }
            .into()
        );
        let profiles = GetProfiles {
            users: ids([9; wire::PROFILES_PER_REQUEST_MAX]),
        };
        assert_eq!(admitted(profiles), GetProfiles { users: ids([9]) }.into());
    }

    #[test]
    fn list_that_will_be_refused_is_shortened() {
        for (max, named) in [
            (wire::USERS_PER_REQUEST_MAX, named_users as fn(_) -> _),
            (wire::PROFILES_PER_REQUEST_MAX, named_profiles),
            (wire::USERS_PER_REQUEST_MAX, named_members),
        ] {
            assert_eq!(admitted(named(max)).items(), max);
            assert_eq!(admitted(named(10 * max)).items(), max + 1);
        }
    }

    fn up_to(count: usize) -> Vec<UserId> {
        ids(1..=u32::try_from(count).unwrap())
    }

    fn named_users(count: usize) -> Request {
        GetUsers { ids: up_to(count) }.into()
    }

    fn named_profiles(count: usize) -> Request {
        GetProfiles {
            users: up_to(count),
        }
        .into()
    }

    fn named_members(count: usize) -> Request {
        AddMembers {
            conversation: ConversationId::new(1),
            users: up_to(count),
        }
        .into()
    }

    #[test]
    fn largest_answer_fits_what_is_reserved() {
        let call = GetProfiles {
            users: ids(1..=wire::PROFILES_PER_REQUEST_MAX as u32),
        };
        let name = |bytes| "x".repeat(bytes);
        let profile = |&user: &UserId| UserProfile {
            user: UserInfo {
                id: UserId::new(u32::MAX - user.get()),
                name: name(wire::USER_NAME_BYTES_MAX).parse().unwrap(),
                role: ServerRole::Member,
                state: UserState::AliasOf(UserId::new(u32::MAX)),
            },
            profile: Profile {
                display_name: Some(name(wire::DISPLAY_NAME_BYTES_MAX).parse().unwrap()),
                about: Some(name(wire::ABOUT_BYTES_MAX).parse().unwrap()),
                avatar: Avatar::new(vec![7; wire::AVATAR_BYTES_MAX].into()).unwrap(),
            },
        };
        let answer = List(call.users.iter().map(profile).collect());
        let mut frame = Vec::new();
        let id = RequestId::new(u64::MAX);
        ServerFrame::write_answer::<GetProfiles>(id, &answer, &mut frame);
        assert!(frame.len() <= answer_bytes_max(&call.into()));
    }

    /// A client may have this many unanswered sends, none of which may wait for quota.
    #[test]
    fn window_of_short_sends_fits_a_session() {
        let draft = Draft {
            conversation: ConversationId::new(u64::MAX),
            seq: ClientSeq::new(u64::MAX),
            content: Content::new(Body::Text("x".repeat(200).parse().unwrap()), Extras::NONE),
        };
        let window = wire::SENDS_IN_FLIGHT_MAX * bytes_of(&draft.into(), 250);
        assert!(window < crate::limits::OUTBOX_BYTES_MAX);
    }
}
