//! The traits of requests, listed per trait. They determine what servers limit or refuse, what
//! clients retry, and when users become away.

use std::collections::BTreeSet;

use cairn_proto::wire::request::{Cost, Traits};

use crate::samples::{Named, Samples};

/// Requests that count as user activity.
const ACTIVITY: &str = "
    Send Forward Edit EditMentioning Recall React Unreact Pin Unpin
    MarkRead MarkUnread SetOwnReads
    CreateGroup AddMembers RemoveMembers JoinGroup RenameGroup SetTopic SetGroupSettings SetRole
    HandOver Ban Unban MuteMember FindGroups SetMemberSettings SetRetention
    SearchUsers Relate SetProfile RenameUser ClaimImported ChangeKeywords
    RevokeDevice SetSetting SetServerRole DeactivateUser ReactivateUser RevokeInvite
    SetPassword CreateReset
    Focus SetPresence CreateInvite Search
    OpenInquiry EndInquiry RateInquiry
    SetDuty AcceptInquiry RefuseInquiry TakeInquiry TransferInquiry CloseInquiry ReopenInquiry
    TagInquiry SetInquiryPriority OpenBack JoinInquiry AssignInquiry SetAgentDuty
    CreateQueue SetQueue RemoveQueue SetAgent RemoveAgent SetRouteRules SetCanned NewDeskKey
    RevokeDeskKey EraseVisitor
";

/// Requests that append to a log each time, even if they are repeated.
const RATE_LIMITED: &str = "
    Edit EditMentioning React Unreact Pin Unpin JoinGroup TransferInquiry ReopenInquiry
";

/// Requests that clients must not retry after a lost reply.
const NOT_IDEMPOTENT: &str = "
    CreateGroup CreateInvite CreateReset SetPassword HandOver Edit EditMentioning MarkUnread
    JoinGroup
    RefuseInquiry TakeInquiry TransferInquiry CloseInquiry ReopenInquiry AssignInquiry CreateQueue
    NewDeskKey
";

/// Requests that the server refuses while its disk is nearly full.
const GROWS_STORAGE: &str = "
    Import Edit EditMentioning React CreateGroup SetProfile ChangeKeywords
    OpenInquiry OpenBack CreateQueue SetQueue SetAgent SetRouteRules SetCanned
";

fn check(listed: &str, holds: impl Fn(Traits) -> bool) {
    let listed: BTreeSet<String> = listed.split_whitespace().map(str::to_owned).collect();
    let (mut with, mut without) = (BTreeSet::new(), BTreeSet::new());
    for request in Samples::all().requests {
        let name = request.name().replace("Request::", "");
        if holds(request.traits()) {
            with.insert(name);
        } else {
            without.insert(name);
        }
    }
    assert_eq!(with, listed);
    assert!(
        with.is_disjoint(&without),
        "the traits of a kind depend on its fields"
    );
}

#[test]
fn user_activity_is_as_listed() {
    check(ACTIVITY, |traits| traits.is_activity);
}

#[test]
fn rate_limits_are_as_listed() {
    check(RATE_LIMITED, |traits| traits.is_rate_limited);
}

#[test]
fn idempotence_is_as_listed() {
    check(NOT_IDEMPOTENT, |traits| !traits.is_idempotent);
}

#[test]
fn storage_growth_is_as_listed() {
    check(GROWS_STORAGE, |traits| traits.grows_storage);
}

#[test]
fn named_items_cost() {
    for request in Samples::all().requests {
        let costs_per_item = request.traits().cost == Cost::PerItem;
        assert!(request.items() == 0 || costs_per_item, "{}", request.name());
    }
}
