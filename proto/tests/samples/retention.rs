//! How long messages stay.

use cairn_proto::content::body::SystemEntry;
use cairn_proto::ids::MsgId;
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

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
    samples.add(vec![Request::SetRetention {
        conversation: GROUP,
        retention: Some(Retention::Days(300)),
    }]);
    samples.add(vec![
        Request::SetRetention {
            conversation: DIRECT,
            retention: None,
        },
        Request::Retention {
            conversation: GROUP,
        },
    ]);
    samples.add(vec![Response::Retention(info)]);
    samples.add(vec![SystemEntry::RetentionSet {
        retention: Some(Retention::UntilAcked { cap_days: 7 }),
    }]);
    samples.add(vec![TimelineFrame::Floor {
        conversation: GROUP,
        floor: MsgId::new(70_000),
    }]);
}
