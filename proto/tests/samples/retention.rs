//! Retention policies.

use cairn_proto::content::body::SystemEntry;
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::wire::request::group::{GetRetention, SetRetention};

use super::Samples;
use super::values::{DIRECT, GROUP};

const POLICIES: [Retention; 3] = [
    Retention::Keep,
    Retention::Days(300),
    Retention::UntilAcked { cap_days: 7 },
];

pub(super) fn add_all(samples: &mut Samples) {
    let info = RetentionInfo {
        set: Some(Retention::Keep),
        effective: Retention::Days(365),
    };
    samples.add(POLICIES.to_vec());
    samples.add(vec![info]);
    let set = SetRetention {
        conversation: GROUP,
        retention: Some(Retention::Days(300)),
    };
    let reset = SetRetention {
        conversation: DIRECT,
        retention: None,
    };
    let get = GetRetention {
        conversation: GROUP,
    };
    samples.ask(set, ());
    samples.ask_again(reset);
    samples.ask(get, info);
    samples.add(vec![SystemEntry::RetentionSet {
        retention: Some(Retention::UntilAcked { cap_days: 7 }),
    }]);
}
