//! The kinds of requests by name, to prove that a test covers all of them.

use cairn_client::proto::wire::request::{
    DeskRequest, GroupRequest, MessageRequest, PeopleRequest, ReadingRequest, Request,
    ServerRequest, SessionRequest,
};

macro_rules! kinds {
    ($($domain:ident($requests:ident): $($variant:ident),*;)*) => {
        /// All kinds. The match below is exhaustive, so a missing kind does not compile.
        pub const KINDS: &[&str] = &[$($(stringify!($variant)),*),*];

        pub fn kind(request: &Request) -> &'static str {
            match request {
                $(Request::$domain(request) => match request {
                    $($requests::$variant(_) => stringify!($variant),)*
                },)*
            }
        }
    };
}

kinds! {
    Message(MessageRequest): Send, Forward, Edit, Recall, React, Unreact, Pin, Unpin, ListPins,
        Import, GetImportCursor, EditMentioning;
    Reading(ReadingRequest): Ack, MarkRead, MarkUnread, GetReceipts, Explain, GetOwnReads,
        SetOwnReads;
    Group(GroupRequest): CreateGroup, AddMembers, RemoveMembers, ListMembers, GetGroup,
        RenameGroup, SetTopic, SetGroupSettings, SetRole, HandOver, Ban, Unban, ListBanned,
        MuteMember, JoinGroup, FindGroups, SetMemberSettings, SetRetention, GetRetention;
    People(PeopleRequest): FindUsers, GetUsers, SearchUsers, Relate, ListContacts, GetProfiles,
        SetProfile, RenameUser, ClaimImported, GetKeywords, ChangeKeywords;
    Server(ServerRequest): RevokeDevice, ListSettings, SetSetting, SetServerRole, ListAudit,
        DeactivateUser, ReactivateUser, ListInvites, RevokeInvite;
    Session(SessionRequest): Pull, ListConversations, Watch, Focus, SetPresence, ListDevices,
        CreateInvite, GetMetrics, SetPassword, CreateReset, Search, OpenInquiry, NewDeskKey;
    Desk(DeskRequest): MyInquiry, EndInquiry, RateInquiry, GetMyDesk, SetDuty, AcceptInquiry,
        RefuseInquiry, TakeInquiry, TransferInquiry, CloseInquiry, ReopenInquiry, TagInquiry,
        SetInquiryPriority, OpenBack, ListCanned, GetInquiry, ExplainInquiry, ListInquiries,
        JoinInquiry, AssignInquiry, SetAgentDuty, ListAgents, ListQueues, CreateQueue, SetQueue,
        RemoveQueue, SetAgent, RemoveAgent, GetRouteRules, SetRouteRules, SetCanned, ListDeskKeys,
        RevokeDeskKey, EraseVisitor;
}

/// The kinds that are not named.
pub fn left_out<'a>(named: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let named: Vec<&str> = named.into_iter().collect();
    KINDS
        .iter()
        .copied()
        .filter(|kind| !named.contains(kind))
        .collect()
}

#[test]
fn missing_kind_is_found() {
    assert_eq!(left_out(KINDS.iter().copied()), [""; 0]);
    for &kind in KINDS {
        assert_eq!(
            left_out(KINDS.iter().copied().filter(|&other| other != kind)),
            [kind]
        );
    }
}
