//! The audit log.

use cairn_proto::ids::{DeviceId, ImportSource, LinkId};
use cairn_proto::model::audit::{AuditAct, AuditPage, AuditRecord};
use cairn_proto::model::desk::DeskAct;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{GroupName, Tag};
use cairn_proto::wire::request::server::ListAudit;

use crate::samples::Samples;
use crate::samples::values::{ALICE, BOB, CAROL, GROUP, NOON, group_name, user_name};

pub(in crate::samples) fn add_all(samples: &mut Samples) {
    samples.add(acts());
    samples.add(desk_acts());
    samples.add(vec![record(1, acts().remove(0))]);
    samples.add(vec![page()]);
    samples.ask(ListAudit { first: 1 }, page());
}

fn record(number: u64, act: AuditAct) -> AuditRecord {
    AuditRecord {
        number,
        at: NOON,
        actor: ALICE,
        device: DeviceId::new(7),
        act,
    }
}

fn page() -> AuditPage {
    AuditPage {
        records: (1..).zip(acts()).map(|(at, act)| record(at, act)).collect(),
        last: 14,
    }
}

fn acts() -> Vec<AuditAct> {
    let (user, id) = (CAROL, LinkId::new(0x9f86_d081));
    vec![
        AuditAct::InviteCreated {
            id,
            uses: 10_000,
            expires_at: NOON,
        },
        AuditAct::InviteRevoked {
            id,
            maker: Some(BOB),
        },
        AuditAct::SettingSet {
            name: "user-search".parse().unwrap(),
            before: "on".parse().unwrap(),
            after: "off".parse().unwrap(),
        },
        AuditAct::RoleSet {
            user,
            before: ServerRole::Member,
            after: ServerRole::Admin,
        },
        AuditAct::UnreadExplained {
            user,
            conversation: GROUP,
        },
        AuditAct::Imported {
            conversation: GROUP,
            source: ImportSource::new(u64::MAX),
        },
        AuditAct::Renamed {
            user,
            before: user_name("carol"),
            after: user_name("karola"),
        },
        AuditAct::Claimed {
            imported: BOB,
            user,
        },
        AuditAct::Deactivated { user },
        AuditAct::Reactivated { user },
        AuditAct::ResetCreated { user, id },
        AuditAct::MemberRemoved {
            user,
            conversation: GROUP,
        },
        AuditAct::OwnerAppointed {
            user,
            conversation: GROUP,
        },
        AuditAct::Desk(desk_acts().remove(0)),
    ]
}

fn desk_acts() -> Vec<DeskAct> {
    let (queue, name, id) = (GROUP, group_name(), LinkId::new(0x9f86_d081));
    let canned: Tag = "hello".parse().unwrap();
    vec![
        DeskAct::QueueCreated {
            queue,
            name: name.clone(),
        },
        DeskAct::QueueChanged {
            queue,
            before: name.clone(),
            after: GroupName::new("pre-sale").unwrap(),
        },
        DeskAct::QueueRemoved { queue, name },
        DeskAct::AgentSet { user: BOB },
        DeskAct::AgentRemoved { user: BOB },
        DeskAct::RulesSet {
            before: 0,
            after: 200,
        },
        DeskAct::CannedSet {
            name: canned.clone(),
        },
        DeskAct::CannedRemoved { name: canned },
        DeskAct::LinkCreated { id, queue },
        DeskAct::LinkRevoked { id, queue },
        DeskAct::VisitorErased { inquiries: 2 },
    ]
}
