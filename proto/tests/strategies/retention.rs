//! Generators of how long messages stay.

use cairn_proto::content::body::SystemEntry;
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;
use proptest::option;
use proptest::prelude::*;

use super::{conversation_id, small};

fn retention() -> impl Strategy<Value = Retention> {
    prop_oneof![
        Just(Retention::Keep),
        small().prop_map(Retention::Days),
        small().prop_map(|cap_days| Retention::UntilAcked { cap_days })
    ]
}

pub(super) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (conversation_id(), option::of(retention())).prop_map(|(conversation, retention)| {
            Request::SetRetention {
                conversation,
                retention,
            }
        }),
        conversation_id().prop_map(|conversation| Request::Retention { conversation }),
    ]
}

pub(super) fn response() -> impl Strategy<Value = Response> {
    (option::of(retention()), retention())
        .prop_map(|(set, effective)| Response::Retention(RetentionInfo { set, effective }))
}

pub(super) fn system_entry() -> impl Strategy<Value = SystemEntry> {
    option::of(retention()).prop_map(|retention| SystemEntry::RetentionSet { retention })
}
