//! Generators of retention policies.

use cairn_proto::content::body::SystemEntry;
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::wire::request::group::{GetRetention, SetRetention};
use cairn_proto::wire::request::{Answer, Request};
use proptest::option;
use proptest::prelude::*;

use super::{conversation_id, encoded, small};

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
            SetRetention {
                conversation,
                retention,
            }
            .into()
        }),
        conversation_id().prop_map(|conversation| GetRetention { conversation }.into()),
    ]
}

pub(super) fn answer() -> impl Strategy<Value = Answer> {
    (option::of(retention()), retention())
        .prop_map(|(set, effective)| encoded::<GetRetention>(RetentionInfo { set, effective }))
}

pub(super) fn system_entry() -> impl Strategy<Value = SystemEntry> {
    option::of(retention()).prop_map(|retention| SystemEntry::RetentionSet { retention })
}
